// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// VARIANTS: archive shared both preload

// A program brings operator new and delete in their plain forms only, as many do.  All other forms
// have to call these: a block of the program's own memory must never get to the library's free().

// That is what this is about.
#pragma GCC diagnostic ignored "-Wsized-deallocation"
#pragma GCC diagnostic ignored "-Wfree-nonheap-object"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <vector>

namespace
{

alignas(64) unsigned char memory[1 << 20];
std::size_t used;
int made;
int ended;

bool is_own(const void *block)
{
    const unsigned char *byte = static_cast<const unsigned char *>(block);
    return byte >= memory && byte < memory + sizeof(memory);
}

void *take(std::size_t size, std::size_t alignment)
{
    std::size_t start = (used + alignment - 1) / alignment * alignment;
    if (start + size + 1 > sizeof(memory)) {
        throw std::bad_alloc();
    }
    used = start + size + 1;
    made++;
    return memory + start;
}

void give(void *block)
{
    if (block == nullptr) {
        return;
    }
    if (!is_own(block)) {
        std::fprintf(stderr, "%p came to the program's delete\n", block);
        std::exit(1);
    }
    ended++;
}

void expect(bool is_true, const char *what)
{
    if (!is_true) {
        std::fprintf(stderr, "%s\n", what);
        std::exit(1);
    }
}

struct alignas(64) Wide {
    char bytes[64];
};

} // namespace

void *operator new(std::size_t size)
{
    return take(size, 16);
}
void *operator new(std::size_t size, std::align_val_t alignment)
{
    return take(size, static_cast<std::size_t>(alignment));
}
void operator delete(void *block) noexcept
{
    give(block);
}
void operator delete(void *block, std::align_val_t) noexcept
{
    give(block);
}

template <typename T> static void check(T *block, const char *what)
{
    expect(is_own(block), what);
}

int main()
{
    int *one = new int(1);
    check(one, "new");
    ::operator delete(one, sizeof(*one));

    int *many = new int[100];
    check(many, "new[]");
    delete[] many;

    void *plain = ::operator new(10, std::nothrow);
    check(plain, "nothrow new");
    ::operator delete(plain, std::nothrow);

    void *array = ::operator new[](10, std::nothrow);
    check(array, "nothrow new[]");
    ::operator delete[](array, std::nothrow);
    void *sized = ::operator new[](10);
    check(sized, "new[] by name");
    ::operator delete[](sized, static_cast<std::size_t>(10));

    Wide *wide = new Wide;
    check(wide, "aligned new");
    ::operator delete(wide, sizeof(*wide), std::align_val_t(64));
    Wide *wides = new Wide[3];
    check(wides, "aligned new[]");
    delete[] wides;
    void *quiet = ::operator new[](64, std::align_val_t(64), std::nothrow);
    check(quiet, "aligned nothrow new[]");
    ::operator delete[](quiet, std::align_val_t(64), std::nothrow);

    expect(::operator new(sizeof(memory) * 2, std::nothrow) == nullptr, "nothrow new threw");
    {
        std::vector<std::vector<int>> vectors(50, std::vector<int>(20, 7));
        expect(vectors[49][19] == 7, "vectors");
    }
    expect(made == ended, "as many blocks end as were made");
    // The library's own functions are not the program's operators.
    void *block = std::malloc(100);
    expect(block != nullptr && !is_own(block), "malloc");
    std::free(block);
    return 0;
}
