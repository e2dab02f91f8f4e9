// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// mistakes_cxx <case> [good]: the same as mistakes.c for what only C++ can do wrong.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

namespace
{

bool is_bad = true;

struct counted {
    int value = 1;
    ~counted()
    {
        value = 0;
    }
};

void malloc_delete()
{
    int *block = is_bad ? static_cast<int *>(std::malloc(sizeof(int))) : new int;
    delete block;
}

void new_free()
{
    int *block = is_bad ? new int : static_cast<int *>(std::malloc(sizeof(int)));
    std::free(block);
}

void new_array_delete()
{
    int *block = is_bad ? new int[10] : new int;
    delete block;
}

void new_delete_array()
{
    int *block = is_bad ? new int : new int[1];
    delete[] block;
}

void malloc_delete_array()
{
    char *block = is_bad ? static_cast<char *>(std::malloc(10)) : new char[10];
    delete[] block;
}

void new_realloc()
{
    void *block = is_bad ? ::operator new(10) : std::malloc(10);
    std::free(std::realloc(block, 20));
}

void sized_delete()
{
    ::operator delete(::operator new(20), static_cast<std::size_t>(is_bad ? 21 : 20));
}

void aligned_delete()
{
    ::operator delete(::operator new(20, std::align_val_t(64)), std::align_val_t(is_bad ? 32 : 64));
}

void aligned_new_plain_delete()
{
    void *block = ::operator new(20, std::align_val_t(64));
    if (is_bad) {
        ::operator delete(block);
    } else {
        ::operator delete(block, std::align_val_t(64));
    }
}

void array_over_write()
{
    int *block = new int[5];
    volatile int *words = block;
    words[is_bad ? 5 : 4] = 1;
    delete[] block;
}

void string_over_read()
{
    std::string text(100, 'x');
    char copy[300];
    std::memcpy(copy, text.data(), is_bad ? 200 : 100);
}

void double_delete()
{
    counted *block = new counted;
    delete block;
    if (is_bad) {
        ::operator delete(static_cast<void *>(block));
    }
}

struct choice {
    const char *name;
    const char *kind;
    void (*run)();
};

const choice CASES[] = {
    {"malloc_delete", "mismatch", malloc_delete},
    {"new_free", "mismatch", new_free},
    {"new_array_delete", "mismatch", new_array_delete},
    {"new_delete_array", "mismatch", new_delete_array},
    {"malloc_delete_array", "mismatch", malloc_delete_array},
    {"new_realloc", "mismatch", new_realloc},
    {"sized_delete", "mismatch", sized_delete},
    {"aligned_delete", "mismatch", aligned_delete},
    {"aligned_new_plain_delete", "mismatch", aligned_new_plain_delete},
    {"array_over_write", "over-write", array_over_write},
    {"string_over_read", "over-read", string_over_read},
    {"double_delete", "double free", double_delete},
};

} // namespace

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "list";
    is_bad = argc <= 2 || std::strcmp(argv[2], "good") != 0;
    for (const choice &one : CASES) {
        if (std::strcmp(name, "list") == 0) {
            std::printf("%s\t%s\n", one.name, one.kind);
        } else if (std::strcmp(name, one.name) == 0) {
            one.run();
            return 0;
        }
    }
    return std::strcmp(name, "list") == 0 ? 0 : 2;
}
