// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// STDERR: handler asked for 4611686018427387904
// STDERR: std::bad_alloc

// The new handler is told how much operator new was asked for, and its 0 becomes std::bad_alloc.

#include <crtdbg.h>
#include <cstdio>
#include <new.h>
#include <new>

static int handle(std::size_t size)
{
    std::fprintf(stderr, "handler asked for %zu\n", size);
    return 0;
}

int main()
{
    _set_new_handler(handle);
    try {
        operator delete(operator new(std::size_t(1) << 62));
    } catch (const std::bad_alloc &error) {
        std::fprintf(stderr, "%s\n", error.what());
    }
    return 0;
}
