// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "win32/heap_list.h"

#include "base/bits.h"
#include "os/os.h"

static size_t bytes_for(size_t capacity)
{
    return bits_round_up(capacity * sizeof(halde_heap *), os_page_size());
}

static bool take_room(struct heap_list *list, size_t capacity)
{
    size_t size = bytes_for(capacity);
    list->heaps = os_reserve(size);
    if (list->heaps == NULL) {
        return false;
    }
    if (os_commit(list->heaps, size, false) != 0) {
        os_unreserve(list->heaps, size);
        return false;
    }
    list->capacity = size / sizeof(halde_heap *);
    return true;
}

enum halde_status heap_list_read(struct heap_list *list)
{
    size_t count = halde_heap_list(NULL, 0);
    for (;;) {
        if (!take_room(list, size_max(count, 1))) {
            *list = (struct heap_list){0};
            return HALDE_NO_MEMORY;
        }
        count = halde_heap_list(list->heaps, list->capacity);
        if (count <= list->capacity) {
            list->count = count;
            return HALDE_OK;
        }
        // Other threads made heaps meanwhile.
        heap_list_release(list);
    }
}

void heap_list_release(struct heap_list *list)
{
    if (list->heaps != NULL) {
        os_unreserve(list->heaps, bytes_for(list->capacity));
    }
    *list = (struct heap_list){0};
}
