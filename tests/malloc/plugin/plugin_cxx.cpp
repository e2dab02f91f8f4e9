// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A plug-in in C++ for a host in C: the C++ runtime comes with it, and is seen by it alone.

#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <vector>

extern "C" int plugin_cxx_run();

static volatile std::size_t too_big = static_cast<std::size_t>(PTRDIFF_MAX) - 4096;
static int calls;

static void throw_bad()
{
    calls++;
    throw std::bad_alloc();
}

// Returns 0, or the number of what went wrong.
extern "C" int plugin_cxx_run()
{
    std::vector<std::string> texts;
    for (int i = 0; i < 1000; i++) {
        texts.push_back(std::string(static_cast<std::size_t>(i), 'x'));
    }
    if (texts[999].size() != 999) {
        return 1;
    }
    try {
        void *volatile block = ::operator new(too_big);
        return block == nullptr ? 2 : 3;
    } catch (const std::bad_alloc &) {
        calls++;
    }
    if (::operator new(too_big, std::nothrow) != nullptr || calls != 1) {
        return 4;
    }
    std::set_new_handler(throw_bad);
    if (::operator new(too_big, std::nothrow) != nullptr || calls != 2) {
        return 5;
    }
    try {
        void *volatile block = ::operator new[](too_big, std::align_val_t{64});
        return block == nullptr ? 6 : 7;
    } catch (const std::bad_alloc &) {
        std::set_new_handler(nullptr);
    }
    return calls == 3 ? 0 : 8;
}
