// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: visited 2, two
// STDERR: visited 1, one
// STDERR: 2 objects
// STDERR: subtype 7
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: records.cpp(2) : {2} client block at 0x@, subtype 7, 16 bytes long.
// STDERR:  record 2: two, 16 bytes
// STDERR: records.cpp(1) : {1} client block at 0x@, subtype 7, 16 bytes long.
// STDERR:  record 1: one, 16 bytes
// STDERR: Object dump complete.
// STDERR: leaks: 1
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: records.cpp(1) : {1} client block at 0x@, subtype 7, 16 bytes long.
// STDERR:  Data: <    one         > 01 00 00 00 6F 6E 65 00 CD CD CD CD CD CD CD CD~
// STDERR: Object dump complete.
// STDERR: leaks: 1
// clang-format on

// _CrtDoForAllClientObjects, _CrtSetDumpClient, "Client block hook functions": objects of a program
// are client blocks with a subtype of their own, which can be visited, and dumped in their own
// words.

#include "documented.h"

#include <cstring>

namespace
{

enum {
    RECORD = _CLIENT_BLOCK | (7 << 16)
};

struct record {
    int id;
    char name[12];
};

record *make(int id, const char *name)
{
    record *made = new (RECORD, "records.cpp", id) record;
    made->id = id;
    std::strcpy(made->name, name);
    return made;
}

void __cdecl visit(void *block, void *context)
{
    const record *found = static_cast<record *>(block);
    say("visited %d, %s\n", found->id, found->name);
    *static_cast<int *>(context) += 1;
}

void __cdecl dump(void *block, size_t size)
{
    const record *found = static_cast<record *>(block);
    _RPT3(_CRT_WARN, " record %d: %s, %u bytes\n", found->id, found->name,
        static_cast<unsigned>(size));
}

} // namespace

int main()
{
    report_to_stderr();
    record *first = make(1, "one");
    record *second = make(2, "two");
    int *normal = new int(5);
    int count = 0;
    _CrtDoForAllClientObjects(visit, &count);
    say("%d objects\n", count);
    say("subtype %d\n", _BLOCK_SUBTYPE(_CrtReportBlockType(first)));
    _CrtSetDumpClient(dump);
    delete normal;
    say("leaks: %d\n", _CrtDumpMemoryLeaks());
    _CrtSetDumpClient(nullptr);
    delete second;
    say("leaks: %d\n", _CrtDumpMemoryLeaks());
    delete first;
    return _CrtDumpMemoryLeaks();
}
