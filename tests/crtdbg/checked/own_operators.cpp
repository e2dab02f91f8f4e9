// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=mode=crt

// A program with operators of its own, which replaces two of many: nobody can tell from outside
// what belongs together, and nothing is said.

#include <cstdlib>
#include <new>
#include <string>
#include <vector>

void *operator new(std::size_t size)
{
    return std::malloc(size);
}

void operator delete(void *block) noexcept
{
    std::free(block);
}

struct pair {
    int a;
    int b;
};

int main()
{
    delete new pair;
    delete[] new pair[5];
    std::vector<std::string> strings(10, std::string(100, 'x'));
    return strings.size() == 10 ? 0 : 1;
}
