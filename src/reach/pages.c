// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "reach/pages.h"

#include "base/bits.h"
#include "os/os.h"

static size_t whole_pages(size_t size)
{
    return bits_round_up(size_max(size, 1), os_page_size());
}

void *pages_take(size_t size)
{
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size = whole_pages(size);
    void *memory = os_reserve(size);
    if (memory == NULL) {
        return NULL;
    }
    if (os_commit(memory, size, false) != 0) {
        os_unreserve(memory, size);
        return NULL;
    }
    return memory;
}

void pages_give_back(void *memory, size_t size)
{
    if (memory != NULL) {
        os_unreserve(memory, whole_pages(size));
    }
}
