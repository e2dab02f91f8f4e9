// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/*
 * Movable Global and Local memory, as reach_movable.py looks for it: each object has a size of its
 * own.  Prints "name handle memory" for each, then waits for the end of its input.
 */
#include <windows.h>

#include <stdio.h>
#include <string.h>

enum {
    MANY = 3000
};

static void *volatile kept_handle;
static void *volatile kept_memory;
static void *volatile kept_holder;
static void *volatile freed_handle;

static void tell(const char *name, HGLOBAL handle)
{
    // In another form, so that no buffer holds an address as it is.
    printf("%s %zx %zx\n", name, (size_t)handle, (size_t)GlobalLock(handle));
    GlobalUnlock(handle);
}

static __attribute__((noinline)) HGLOBAL make(const char *name, UINT flags, SIZE_T size)
{
    HGLOBAL handle = GlobalAlloc(flags, size);
    tell(name, handle);
    return handle;
}

static __attribute__((noinline)) void lose(void)
{
    make("lost", GMEM_MOVEABLE | GMEM_ZEROINIT, 1001);
    HLOCAL outer = LocalAlloc(LMEM_MOVEABLE | LMEM_ZEROINIT, 1002);
    tell("outer", outer);
    *(void **)LocalLock(outer) = make("inner", GMEM_MOVEABLE | GMEM_ZEROINIT, 1003);
    // Holds its own handle.
    HGLOBAL ring = make("ring", GMEM_MOVEABLE | GMEM_ZEROINIT, 1004);
    *(void **)GlobalLock(ring) = ring;
}

static __attribute__((noinline)) void keep(void)
{
    kept_handle = make("held", GMEM_MOVEABLE | GMEM_ZEROINIT, 1005);
    *(void **)GlobalLock(kept_handle) = make("deeper", GMEM_MOVEABLE | GMEM_ZEROINIT, 1006);
    kept_memory = GlobalLock(make("locked", GMEM_MOVEABLE | GMEM_ZEROINIT, 1007));
    kept_holder = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, 1008);
    *(void **)kept_holder = make("in_block", GMEM_MOVEABLE | GMEM_ZEROINIT, 1009);
}

// The table's later entries, freed ones among them.
static __attribute__((noinline)) void make_many(void)
{
    static HGLOBAL handles[MANY];
    for (int i = 0; i < MANY; i++) {
        handles[i] = GlobalAlloc(GMEM_MOVEABLE, 40);
    }
    for (int i = 0; i < MANY; i++) {
        GlobalFree(handles[i]);
        handles[i] = NULL;
    }
    freed_handle = GlobalAlloc(GMEM_MOVEABLE, 0); // without memory
}

static __attribute__((noinline)) void wipe_stack(void)
{
    volatile char bytes[32768];
    memset((char *)bytes, 0, sizeof(bytes));
}

int main(void)
{
    make_many();
    lose();
    keep();
    wipe_stack();
    puts("ready");
    fflush(stdout);
    return getchar() == EOF ? 0 : 1;
}
