// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: new: type 1, subtype 0
// STDERR: DEBUG_NEW: type 1, subtype 0
// STDERR: client: type 4, subtype 5
// STDERR: runtime: type 2, subtype 0
// STDERR: what is no block: -1
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: block_type.cpp(32) : {3} client block at 0x@, subtype 5, 8 bytes long.
// STDERR:  Data: <       @> 00 00 00 00 00 00 08 40~
// STDERR: block_type.cpp(31) : {2} normal block at 0x@, 4 bytes long.
// STDERR:  Data: <    > 02 00 00 00~
// STDERR: {1} normal block at 0x@, 4 bytes long.
// STDERR:  Data: <    > 01 00 00 00~
// STDERR: Object dump complete.
// STDERR: leaks: 1
// STDERR: leaks: 0
// clang-format on

// _CrtReportBlockType, placement forms of new: which type and subtype a block has.

#define DEBUG_NEW new (_NORMAL_BLOCK, "block_type.cpp", __LINE__)

#include "documented.h"

#include <cstdlib>

static void tell(const char *what, const void *block)
{
    const int use = _CrtReportBlockType(block);
    say("%s: type %d, subtype %d\n", what, _BLOCK_TYPE(use), _BLOCK_SUBTYPE(use));
}

int main()
{
    report_to_stderr();
#line 30 "block_type.cpp"
    int *plain = new int(1);
    int *normal = DEBUG_NEW int(2);
    double *client = new (_CLIENT_BLOCK | (5 << 16), "block_type.cpp", 32) double(3);
    void *runtime = _malloc_dbg(8, _CRT_BLOCK, nullptr, 0);
    tell("new", plain);
    tell("DEBUG_NEW", normal);
    tell("client", client);
    tell("runtime", runtime);
    say("what is no block: %d\n", _CrtReportBlockType(&plain));
    std::free(runtime);
    say("leaks: %d\n", _CrtDumpMemoryLeaks());
    delete plain;
    delete normal;
    delete client;
    say("leaks: %d\n", _CrtDumpMemoryLeaks());
    return 0;
}
