// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// LINK: -static
// ENV: HALDE_OPTIONS=crt_stacks=4
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: {@} normal block at 0x@, 5 bytes long.
// STDERR:  Data: <     > CD CD CD CD CD~
// STDERR:     at crtdbg.static.exception
// STDERR:     at crtdbg.static.exception
// STDERR:     at crtdbg.static.exception
// STDERR:     at crtdbg.static.exception
// STDERR: Object dump complete.

// A static C++ program without .eh_frame_hdr: exceptions pass, also those thrown out of functions
// whose stacks were taken, and what they leave behind has its whole stack.

#include <crtdbg.h>
#include <stdexcept>
#include <string>

#define FRAME __attribute__((noinline))

static void *volatile block;

FRAME static void lose_and_throw(int depth)
{
    std::string text(60, 'x'); // freed while the exception passes
    if (depth == 0) {
        block = new char[5];
        throw std::runtime_error(text);
    }
    lose_and_throw(depth - 1);
}

FRAME static bool is_caught(const std::string &expected)
{
    try {
        lose_and_throw(2);
    } catch (const std::exception &error) {
        return error.what() == expected;
    }
    return false;
}

int main()
{
    for (int type = 0; type < _CRT_ERRCNT; type++) {
        _CrtSetReportMode(type, _CRTDBG_MODE_FILE);
        _CrtSetReportFile(type, _CRTDBG_FILE_STDERR);
    }
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_LEAK_CHECK_DF);
    bool is_met = is_caught(std::string(60, 'x'));
    block = nullptr;
    return is_met ? 0 : 1;
}
