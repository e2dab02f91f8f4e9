// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Loses two blocks of 222 bytes each, one of them on the way to where an exception is thrown, in a
// static program with the debug heap.

#include <crtdbg.h>
#include <cstdio>
#include <stdexcept>
#include <string>

#define FRAME __attribute__((noinline))

static volatile int sink;

struct Lost {
    char text[222];
};

FRAME static void lose_and_throw(int depth)
{
    std::string text(60, 'x');
    Lost *volatile lost = new Lost;
    lost = nullptr;
    if (depth == 0) {
        throw std::runtime_error(text);
    }
    lose_and_throw(depth - 1);
    sink = depth;
}

FRAME static void guard()
{
    try {
        lose_and_throw(1);
    } catch (const std::exception &error) {
        std::puts(error.what());
    }
    sink = 1;
}

int main()
{
    guard();
    return 0;
}
