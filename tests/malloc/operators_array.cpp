// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// VARIANTS: archive shared both preload

// A program brings the array forms only, plain and aligned: then nothrow new[] has to call these,
// and everything else is the library's.

// That is what this is about.
#pragma GCC diagnostic ignored "-Wsized-deallocation"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>

static int made;
static int ended;

void *operator new[](std::size_t size)
{
    made++;
    void *block = std::malloc(size);
    return block != nullptr ? block : throw std::bad_alloc();
}
void *operator new[](std::size_t size, std::align_val_t alignment)
{
    made++;
    std::size_t unit = static_cast<std::size_t>(alignment);
    void *block = std::aligned_alloc(unit, (size + unit - 1) / unit * unit);
    return block != nullptr ? block : throw std::bad_alloc();
}
void operator delete[](void *block) noexcept
{
    ended++;
    std::free(block);
}
void operator delete[](void *block, std::align_val_t) noexcept
{
    ended++;
    std::free(block);
}

static int failures;

static void expect(int count, const char *what)
{
    if (made != count || ended != count) {
        std::fprintf(stderr, "%s: %d made, %d ended, expected %d\n", what, made, ended, count);
        failures++;
        made = ended = count;
    }
}

int main()
{
    void *block = ::operator new[](10, std::nothrow);
    ::operator delete[](block, std::nothrow);
    expect(1, "nothrow new[]");
    block = ::operator new[](100, std::align_val_t(64), std::nothrow);
    ::operator delete[](block, std::align_val_t(64), std::nothrow);
    expect(2, "aligned nothrow new[]");
    block = ::operator new[](100, std::align_val_t(64));
    ::operator delete[](block, 100, std::align_val_t(64));
    expect(3, "aligned new[]");
    block = ::operator new(100, std::align_val_t(64), std::nothrow);
    ::operator delete(block, std::align_val_t(64), std::nothrow);
    ::operator delete(::operator new(7, std::nothrow), std::nothrow);
    expect(3, "new");
    return failures == 0 ? 0 : 1;
}
