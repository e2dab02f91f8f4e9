// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A C++ program whose operator new is Halde's, because it is linked with libhalde:
//
//     c++ malloc_cxx.cpp $(pkg-config --cflags --libs halde)
//
// It asks what containers cost: each is built on its own, and the heap says how many blocks and
// bytes that took, exactly.  It counts the words of a text, with std::bad_alloc at the end.

#include <halde/heap.h>

#include <cstdio>
#include <list>
#include <map>
#include <new>
#include <string>
#include <unordered_map>
#include <vector>

namespace
{

struct halde_heap_summary summarize()
{
    struct halde_heap_summary summary = {};
    halde_heap_summarize(halde_process_heap(), &summary);
    return summary;
}

// What `build` allocates and keeps; returns false when something is left after it is gone.
template <typename Build> bool measure(const char *name, Build build)
{
    struct halde_heap_summary before = summarize();
    {
        auto container = build();
        struct halde_heap_summary with = summarize();
        std::printf("%-32s %7zu blocks %9zu bytes, %zu elements\n", name,
            with.busy_count - before.busy_count, with.busy_size - before.busy_size,
            container.size());
    }
    struct halde_heap_summary after = summarize();
    return after.busy_count == before.busy_count && after.busy_size == before.busy_size;
}

const int COUNT = 10000;

} // namespace

int main()
{
    std::printf("%d elements each:\n", COUNT); // now stdio has its buffer
    bool is_sound = measure("std::vector<int>", [] { return std::vector<int>(COUNT); });
    is_sound &= measure("std::list<int>", [] { return std::list<int>(COUNT); });
    is_sound &= measure("std::map<int, int>", [] {
        std::map<int, int> map;
        for (int i = 0; i < COUNT; i++) {
            map[i] = i;
        }
        return map;
    });
    is_sound &= measure("std::unordered_map<int, string>", [] {
        std::unordered_map<int, std::string> map;
        for (int i = 0; i < COUNT; i++) {
            map[i] = "a string that is too long to lie in the element: " + std::to_string(i);
        }
        return map;
    });
    bool is_refused = false;
    try {
        std::vector<char> bytes(static_cast<std::size_t>(PTRDIFF_MAX));
    } catch (const std::bad_alloc &exception) {
        std::printf("PTRDIFF_MAX bytes: %s\n", exception.what());
        is_refused = true;
    }
    std::puts(is_sound ? "everything was given back" : "something was not given back");
    return is_sound && is_refused ? 0 : 1;
}
