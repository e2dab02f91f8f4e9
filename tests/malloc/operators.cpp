// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// VARIANTS: archive shared both preload static

/**
 * Every replaceable operator new and delete of C++17: alignment, exact sizes, and what happens out
 * of memory: std::bad_alloc, the new-handler's loop, a handler that throws something else, nullptr
 * from the nothrow forms, also when a handler throws.
 */
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <malloc.h>
#include <map>
#include <new>
#include <string>
#include <thread>
#include <vector>

// A header for C.
#define _Noreturn [[noreturn]]
extern "C" {
#include "check.h"
}

namespace
{

void *volatile sink;
volatile std::size_t too_big = static_cast<std::size_t>(PTRDIFF_MAX) - 100;
const std::align_val_t wide{256};

void test_forms()
{
    for (std::size_t size = 0; size < 5000; size = size * 2 + 1) {
        void *plain = ::operator new(size);
        void *array = ::operator new[](size);
        void *silent = ::operator new(size, std::nothrow);
        void *silent_array = ::operator new[](size, std::nothrow);
        void *aligned = ::operator new(size, wide);
        void *aligned_array = ::operator new[](size, wide);
        void *aligned_silent = ::operator new(size, wide, std::nothrow);
        void *aligned_silent_array = ::operator new[](size, wide, std::nothrow);
        void *all[] = {plain, array, silent, silent_array, aligned, aligned_array, aligned_silent,
            aligned_silent_array};
        for (std::size_t i = 0; i < 8; i++) {
            EXPECT_TRUE(all[i] != nullptr);
            EXPECT_SIZE(reinterpret_cast<std::uintptr_t>(all[i]) % (i < 4 ? 16 : 256), 0);
            EXPECT_SIZE(malloc_usable_size(all[i]), size);
            std::memset(all[i], static_cast<int>(i), size);
        }
        ::operator delete(plain, size);
        ::operator delete[](array, size);
        ::operator delete(silent, std::nothrow);
        ::operator delete[](silent_array, std::nothrow);
        ::operator delete(aligned, size, wide);
        ::operator delete[](aligned_array, size, wide);
        ::operator delete(aligned_silent, wide, std::nothrow);
        ::operator delete[](aligned_silent_array, wide, std::nothrow);
        ::operator delete(::operator new(size));
        ::operator delete[](::operator new[](size));
        ::operator delete(::operator new(size, wide), wide);
        ::operator delete[](::operator new[](size, wide), wide);
    }
    ::operator delete(nullptr);
    ::operator delete[](nullptr);
    ::operator delete(nullptr, wide);
}

// new's blocks are malloc's.
void test_mixed_with_malloc()
{
    std::free(::operator new(100));
    ::operator delete(std::malloc(100));
    EXPECT_TRUE(mallinfo2().uordblks > 0);
}

template <typename Function> bool throws_bad_alloc(Function function)
{
    try {
        function();
    } catch (const std::bad_alloc &exception) {
        return std::strcmp(exception.what(), "std::bad_alloc") == 0;
    }
    return false;
}

void test_bad_alloc()
{
    for (int i = 0; i < 100; i++) {
        EXPECT_TRUE(throws_bad_alloc([] { sink = ::operator new(too_big); }));
        EXPECT_TRUE(throws_bad_alloc([] { sink = ::operator new[](too_big); }));
        EXPECT_TRUE(throws_bad_alloc([] { sink = ::operator new(too_big, wide); }));
        EXPECT_TRUE(throws_bad_alloc([] { sink = ::operator new[](too_big, wide); }));
        EXPECT_TRUE(::operator new(too_big, std::nothrow) == nullptr);
        EXPECT_TRUE(::operator new[](too_big, std::nothrow) == nullptr);
        EXPECT_TRUE(::operator new(too_big, wide, std::nothrow) == nullptr);
        EXPECT_TRUE(::operator new[](too_big, wide, std::nothrow) == nullptr);
    }
    EXPECT_TRUE(throws_bad_alloc([] { std::vector<char> bytes(too_big); }));
    EXPECT_FALSE(std::uncaught_exceptions() != 0);
}

int calls;

void give_up_third_time()
{
    if (++calls == 3) {
        std::set_new_handler(nullptr);
    }
}

void make_room()
{
    calls++;
    too_big = 100; // the request was made already: this only ends what comes later
    std::set_new_handler(nullptr);
}

struct surprise {
    int value;
};

void throw_surprise()
{
    calls++;
    throw surprise{17};
}

void throw_bad()
{
    throw std::bad_alloc();
}

void test_handlers()
{
    std::set_new_handler(give_up_third_time);
    EXPECT_TRUE(throws_bad_alloc([] { sink = ::operator new(too_big); }));
    EXPECT_SIZE(static_cast<std::size_t>(calls), 3);

    for (int form = 0; form < 3; form++) {
        calls = 0;
        std::set_new_handler(throw_surprise);
        try {
            void *block = form == 0   ? ::operator new(too_big)
                          : form == 1 ? ::operator new[](too_big)
                                      : ::operator new(too_big, wide);
            EXPECT_TRUE(block == nullptr);
        } catch (const surprise &found) {
            EXPECT_SIZE(static_cast<std::size_t>(found.value), 17);
            calls += 10;
        }
        EXPECT_SIZE(static_cast<std::size_t>(calls), 11);
    }
    std::set_new_handler(nullptr);
}

#ifdef MALLOC_STATIC_PROGRAM
const bool can_catch_for_nothrow = false;
#else
const bool can_catch_for_nothrow = true;
#endif

// A handler that throws through a function that promised not to: caught where the runtime's own
// nothrow operators are there to do so.  Whatever else it throws than std::bad_alloc is no concern
// of theirs in some runtimes.
void test_nothrow_handlers()
{
    if (can_catch_for_nothrow) {
        std::set_new_handler(throw_bad);
        EXPECT_TRUE(::operator new(too_big, std::nothrow) == nullptr);
        EXPECT_TRUE(::operator new[](too_big, std::nothrow) == nullptr);
        EXPECT_TRUE(::operator new(too_big, wide, std::nothrow) == nullptr);
        EXPECT_TRUE(::operator new[](too_big, wide, std::nothrow) == nullptr);
        EXPECT_FALSE(std::uncaught_exceptions() != 0);
    }
    std::set_new_handler(make_room);
    calls = 0;
    EXPECT_TRUE(::operator new(too_big, std::nothrow) == nullptr);
    EXPECT_SIZE(static_cast<std::size_t>(calls), 1);
    std::set_new_handler(nullptr);
}

void test_containers()
{
    std::size_t before = mallinfo2().uordblks;
    {
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; i++) {
            threads.emplace_back([] {
                std::map<std::string, std::vector<int>> map;
                for (int j = 0; j < 20000; j++) {
                    map[std::to_string(j % 700)].push_back(j);
                }
                EXPECT_SIZE(map.size(), 700);
            });
        }
        for (std::thread &thread : threads) {
            thread.join();
        }
    }
    EXPECT_AT_MOST(mallinfo2().uordblks, before + 8192);
}

} // namespace

int main()
{
    test_forms();
    test_mixed_with_malloc();
    test_bad_alloc();
    test_handlers();
    test_nothrow_handlers();
    test_containers();
    return test_result();
}
