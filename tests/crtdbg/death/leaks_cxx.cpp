// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: {5} normal block at 0x@, 41 bytes long.
// STDERR:  Data: <a string that is> 61 20 73 74 72 69 6E 67 20 74 68 61 74 20 69 73~
// STDERR: demo.cpp(2) : {4} client block at 0x@, subtype 9, 64 bytes long.
// STDERR:  Data: <                > CD CD CD CD CD CD CD CD CD CD CD CD CD CD CD CD~
// STDERR: demo.cpp(1) : {1} normal block at 0x@, 4 bytes long.
// STDERR:  Data: <    > 05 00 00 00~
// STDERR: Object dump complete.

// new with type, file and line; an over-aligned object; what a std::string holds belongs to the
// program.  The second block is the object whose constructor threw, the third the exception.

#include "common.h"

#include <new>
#include <string>

struct alignas(64) Wide {
    char bytes[64];
};

struct Thrower {
    Thrower()
    {
        throw 1;
    }
};

alignas(std::string) static char place[sizeof(std::string)];

int main()
{
    report_to_stderr();
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_LEAK_CHECK_DF);
    int *number = new (_NORMAL_BLOCK, "demo.cpp", 1) int(5);
    try {
        Thrower *thrower = new (_CLIENT_BLOCK, "demo.cpp", 3) Thrower;
        delete thrower;
    } catch (int) {
    }
    Wide *wide = new (_CLIENT_BLOCK | (9 << 16), "demo.cpp", 2) Wide;
    new (place) std::string("a string that is too long for the object");
    delete new (_CLIENT_BLOCK | (9 << 16), "demo.cpp", 3) int; // any type
    return number == nullptr || reinterpret_cast<uintptr_t>(wide) % 64 != 0;
}
