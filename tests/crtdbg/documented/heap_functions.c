// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: check: heap is fine
// STDERR: size of 1000 numbers: 4000
// STDERR: size of 2000 numbers: 8000
// STDERR: expand keeps the place: 1
// STDERR: size now: 6000
// STDERR: walk: end of heap
// STDERR: met: 1
// STDERR: walk: end of heap
// STDERR: one block less: 1
// STDERR: fill: heap is fine
// STDERR: minimize: 0
// STDERR: check: heap is fine
// clang-format on

// _heapchk, _heapwalk, _heapset, _heapmin, _msize, _expand: the heap as a whole.

#include "documented.h"

#include <malloc.h>
#include <stdlib.h>

static const char *name_of(int status)
{
    switch (status) {
    case _HEAPOK:
        return "heap is fine";
    case _HEAPEND:
        return "end of heap";
    case _HEAPEMPTY:
        return "heap is empty";
    case _HEAPBADBEGIN:
        return "bad start of heap";
    case _HEAPBADNODE:
        return "bad node in heap";
    default:
        return "bad pointer";
    }
}

// Whether the walk meets a block that is large enough to hold this one.
static int walk_meets(const void *wanted, size_t *used)
{
    _HEAPINFO info = {._pentry = NULL};
    int status;
    int is_met = 0;
    *used = 0;
    while ((status = _heapwalk(&info)) == _HEAPOK) {
        const char *start = (const char *)info._pentry;
        *used += info._useflag == _USEDENTRY;
        is_met |= start <= (const char *)wanted && (const char *)wanted < start + info._size;
    }
    say("walk: %s\n", name_of(status));
    return is_met;
}

int main(void)
{
    size_t before;
    size_t after;
    report_to_stderr();
    int *numbers = malloc(1000 * sizeof(int));
    say("check: %s\n", name_of(_heapchk()));
    say("size of 1000 numbers: %zu\n", _msize(numbers));
    numbers = realloc(numbers, 2000 * sizeof(int));
    say("size of 2000 numbers: %zu\n", _msize(numbers));
    say("expand keeps the place: %d\n", _expand(numbers, 1500 * sizeof(int)) == numbers);
    say("size now: %zu\n", _msize(numbers));
    say("met: %d\n", walk_meets(numbers, &before));
    free(numbers);
    walk_meets(numbers, &after);
    say("one block less: %d\n", before == after + 1);
    say("fill: %s\n", name_of(_heapset(0xFE)));
    say("minimize: %d\n", _heapmin());
    say("check: %s\n", name_of(_heapchk()));
    return 0;
}
