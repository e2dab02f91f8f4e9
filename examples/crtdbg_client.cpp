// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Objects as client blocks of the debug heap: each class has a subtype of its own, a program visits
// its objects, and a dump shows them in the program's words.  To be compiled with -D_DEBUG.

#ifndef _DEBUG
#define _DEBUG 1
#endif
#include <crtdbg.h>

#include <cstdio>

namespace
{

constexpr int SHAPE = _CLIENT_BLOCK | (1 << 16);

struct shape {
    int corners;
    double size;
};

void __cdecl print(void *block, void *count)
{
    const shape *found = static_cast<shape *>(block);
    std::printf("a shape with %d corners\n", found->corners);
    ++*static_cast<int *>(count);
}

void __cdecl dump(void *block, size_t)
{
    const shape *found = static_cast<shape *>(block);
    _RPT2(_CRT_WARN, " %d corners, size %.1f\n", found->corners, found->size);
}

} // namespace

int main()
{
    _CrtSetReportMode(_CRT_WARN, _CRTDBG_MODE_FILE);
    _CrtSetReportFile(_CRT_WARN, _CRTDBG_FILE_STDOUT);
    shape *triangle = new (SHAPE, __FILE__, __LINE__) shape{3, 1.5};
    shape *square = new (SHAPE, __FILE__, __LINE__) shape{4, 2.0};

    int count = 0;
    _CrtDoForAllClientObjects(print, &count);
    std::fflush(stdout);

    _CrtSetDumpClient(dump);
    _CrtDumpMemoryLeaks();
    delete square;
    delete triangle;
    return count == 2 ? 0 : 1;
}
