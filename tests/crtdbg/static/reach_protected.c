// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// LINK: -static
// ENV: HALDE_OPTIONS=crt_leak_list=0
// STDERR: Detected memory leaks!
// STDERR: Leaks by reachability ->
// STDERR: {@} definitely lost: 48 bytes in 2 blocks.
// STDERR: {@} still reachable: 83 bytes in 2 blocks.
// STDERR: 48 bytes in 2 blocks definitely lost.
// STDERR: 0 bytes in 0 blocks indirectly lost.
// STDERR: 0 bytes in 0 blocks possibly lost.
// STDERR: 83 bytes in 2 blocks still reachable.

// Pointers in data that is written once, at start, and protected then, as the loader and static
// libraries have them (RELRO): what they lead to is not lost, in a static program either.

#include <crtdbg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char something[] = "what is known when the program is linked";
static void *const table[2] __attribute__((section(".data.rel.ro"))) = {something, NULL};

static void set_protection(int protection)
{
    const uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t first = (uintptr_t)table & ~(size - 1);
    const uintptr_t end = ((uintptr_t)table + sizeof(table) + size - 1) & ~(size - 1);
    if (mprotect((void *)first, end - first, protection) != 0) {
        _exit(77);
    }
}

// As a loader does it: the compiler knows nothing of this.
static void set(size_t index, size_t size)
{
    void *block = malloc(size);
    memset(block, 0, size);
    memcpy((void *)(uintptr_t)&table[index], &block, sizeof(block));
}

static void lose(size_t size)
{
    memset(malloc(size), 0, size);
}

int main(void)
{
    for (int type = 0; type < _CRT_ERRCNT; type++) {
        _CrtSetReportMode(type, _CRTDBG_MODE_FILE);
        _CrtSetReportFile(type, _CRTDBG_FILE_STDERR);
    }
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_LEAK_CHECK_DF);
    set_protection(PROT_READ | PROT_WRITE);
    set(0, 41);
    set(1, 42);
    set_protection(PROT_READ);
    lose(45);
    lose(3); // over what is left on the stack
    return 0;
}
