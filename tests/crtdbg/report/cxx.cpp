// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The debug header in C++: mapped names in std, new with type, file and line, constructors that
// throw, the new handler behind operator new, exceptions that pass through reports. Sources: new
// operator (CRT), _set_new_handler, _CrtSetReportHook2.
#define _DEBUG
#define _CRTDBG_MAP_ALLOC
#include <crtdbg.h>
#include <new.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

// A header for C.
#define _Noreturn [[noreturn]]
extern "C" {
#include "check.h"
}

namespace
{

const char *const HERE = __FILE__;

void expect_block(test_place place, const void *block, std::size_t size, int block_use,
    const char *file, int line)
{
    char *found_file = nullptr;
    int found_line = 0;
    long request = 0;
    const int is_block =
        _CrtIsMemoryBlock(block, static_cast<unsigned>(size), &request, &found_file, &found_line);
    if (!is_block || _CrtReportBlockType(block) != block_use || found_line != line ||
        (file == nullptr ? found_file != nullptr
                         : found_file == nullptr || std::strcmp(found_file, file) != 0)) {
        test_fail(place, "block %d, type %d, file %s, line %d", is_block,
            _CrtReportBlockType(block), found_file != nullptr ? found_file : "none", found_line);
    }
}
#define EXPECT_BLOCK(block, size, use, file, line)                                                 \
    expect_block(CHECK_HERE, (block), (size), (use), (file), (line))

void test_mapping()
{
    void *block = std::malloc(7);
    EXPECT_BLOCK(block, 7, _NORMAL_BLOCK, HERE, __LINE__ - 1);
    block = std::realloc(block, 9);
    EXPECT_BLOCK(block, 9, _NORMAL_BLOCK, HERE, __LINE__ - 1);
    std::free(block);
    block = std::calloc(2, 3);
    EXPECT_BLOCK(block, 6, _NORMAL_BLOCK, HERE, __LINE__ - 1);
    (std::free)(block); // not mapped: the same heap
}

struct alignas(64) Wide {
    char bytes[64];
};

struct Thrower {
    explicit Thrower(int)
    {
        throw std::runtime_error("no");
    }
    char bytes[24];
};

void test_new()
{
    int *plain = new int(1);
    EXPECT_BLOCK(plain, sizeof(int), _NORMAL_BLOCK, nullptr, 0);
    delete plain;
    int *normal = new (_NORMAL_BLOCK, HERE, 12) int(2);
    EXPECT_BLOCK(normal, sizeof(int), _NORMAL_BLOCK, HERE, 12);
    delete normal;
    char *client = new (_CLIENT_BLOCK | (3 << 16), HERE, 13) char[10];
    EXPECT_BLOCK(client, 10, _CLIENT_BLOCK | (3 << 16), HERE, 13);
    delete[] client; // any type
    Wide *wide = new (_CLIENT_BLOCK, HERE, 14) Wide;
    EXPECT_SIZE(reinterpret_cast<std::uintptr_t>(wide) % alignof(Wide), 0);
    delete wide;
    std::vector<std::string> strings(100, std::string(50, 'x'));
    EXPECT_SIZE(strings.back().size(), 50);
}

void test_throwing_constructor()
{
    _CrtMemState before;
    _CrtMemState after;
    _CrtMemState difference;
    _CrtMemCheckpoint(&before);
    try {
        delete new (_CLIENT_BLOCK, HERE, 15) Thrower(1);
        EXPECT_TRUE(false);
    } catch (const std::runtime_error &) {
    }
    _CrtMemCheckpoint(&after);
    EXPECT_FALSE(_CrtMemDifference(&difference, &before, &after));
}

// ---- New handler ------------------------------------------------------------------------------

int calls;
int give_up_after;

int __cdecl handler(std::size_t)
{
    return ++calls < give_up_after;
}

void test_new_handler()
{
    volatile std::size_t too_big = static_cast<std::size_t>(PTRDIFF_MAX) - 1000;
    EXPECT_TRUE(_set_new_handler(handler) == nullptr);
    for (give_up_after = 1; give_up_after <= 3; give_up_after++) {
        calls = 0;
        try {
            ::operator delete(::operator new(too_big));
            EXPECT_TRUE(false);
        } catch (const std::bad_alloc &) {
        }
        EXPECT_SIZE(static_cast<unsigned>(calls), static_cast<unsigned>(give_up_after));
    }
    EXPECT_TRUE(_set_new_handler(0) == handler);
    EXPECT_TRUE(_query_new_handler() == nullptr);
    calls = 0;
    EXPECT_TRUE(::operator new(too_big, std::nothrow) == nullptr);
    EXPECT_SIZE(static_cast<unsigned>(calls), 0);
}

// ---- Exceptions -------------------------------------------------------------------------------

int __cdecl throwing_hook(int, char *, int *)
{
    throw std::runtime_error("from a hook");
}

void throwing_parameter_handler(
    const wchar_t *, const wchar_t *, const wchar_t *, unsigned, std::uintptr_t)
{
    throw std::invalid_argument("from a handler");
}

bool is_never;

void test_exceptions()
{
    _CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, throwing_hook);
    for (int i = 0; i < 10; i++) {
        bool is_caught = false;
        try {
            _ASSERTE(i < 0);
        } catch (const std::runtime_error &) {
            is_caught = true;
        }
        EXPECT_TRUE(is_caught);
    }
    _CrtSetReportHook2(_CRT_RPTHOOK_REMOVE, throwing_hook);
    _CrtSetReportMode(_CRT_ASSERT, 0);
    _ASSERTE(is_never);
    EXPECT_TRUE(_crtAssertBusy == -1); // what the hook has left behind is found
    _set_invalid_parameter_handler(throwing_parameter_handler);
    bool is_caught = false;
    try {
        _CrtSetReportMode(99, 0);
    } catch (const std::invalid_argument &) {
        is_caught = true;
    }
    EXPECT_TRUE(is_caught);
    _set_invalid_parameter_handler(nullptr);
}

// A condition may be of any type that converts to bool, and a macro is an expression.
struct Convertible {
    explicit operator bool() const
    {
        return true;
    }
};

void test_expressions()
{
    _ASSERTE(Convertible());
    _ASSERT(std::make_unique<int>(1));
    const int value = (_ASSERTE(Convertible()), 5);
    EXPECT_TRUE(value == 5);
}

} // namespace

int main()
{
    test_mapping();
    test_new();
    test_throwing_constructor();
    test_new_handler();
    test_exceptions();
    test_expressions();
    return test_result();
}
