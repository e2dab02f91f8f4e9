// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Finding libc's functions, and the link to the debug heap.

#include "checked/libc.h"

#include "checked/checked.h"

#include <dlfcn.h>
#include <stddef.h>

struct libc libc; // written once, by a constructor

struct access_link checked_link;
extern __attribute__((
    visibility("default"), alias("checked_link"))) struct access_link halde_access_link;

// The dynamic linker's names and where each function belongs.
struct wanted {
    size_t offset;
    char name[16];
};
#define LIBC_WANTED(name, result, parameters, arguments) {offsetof(struct libc, name), #name},
static const struct wanted WANTED[] = {FOR_LIBC_FUNCTIONS(LIBC_WANTED)};
enum {
    WANTED_COUNT = sizeof(WANTED) / sizeof(WANTED[0])
};

// The table becomes visible pointer by pointer, each of which is right by itself.
__attribute__((constructor(101))) static void find_libc(void)
{
    for (size_t i = 0; i < WANTED_COUNT; i++) {
        void *function = dlsym(RTLD_NEXT, WANTED[i].name);
        __atomic_store_n(
            (void **)(void *)((char *)&libc + WANTED[i].offset), function, __ATOMIC_RELAXED);
    }
}

COLD void checked_report(const struct access *access)
{
    checked_link.report(access);
}
