// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "win32/heap_list.h"

#include "base/bits.h"
#include "os/os.h"

#include <string.h>

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

bool heap_list_add(struct heap_list *list, halde_heap *heap)
{
    if (list->count == list->capacity) {
        struct heap_list larger = {.count = list->count};
        if (!take_room(&larger, size_max(list->capacity * 2, 1))) {
            return false;
        }
        if (list->count > 0) {
            memcpy(larger.heaps, list->heaps, list->count * sizeof(larger.heaps[0]));
        }
        heap_list_release(list);
        *list = larger;
    }
    list->heaps[list->count++] = heap;
    return true;
}

void heap_list_release(struct heap_list *list)
{
    if (list->heaps != NULL) {
        os_unreserve(list->heaps, bytes_for(list->capacity));
    }
    *list = (struct heap_list){0};
}
