// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// C++: exceptions in flight, destructors that they run, virtual calls, templates of the library.

#include "stacks.h"

#include <algorithm>
#include <functional>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#define FRAME __attribute__((noinline))

namespace
{

volatile std::size_t sink;
int destroyed;

struct Guard {
    explicit Guard(int number) : number_(number)
    {
    }
    FRAME ~Guard()
    {
        stacks_check("destructor", 4);
        destroyed++;
        sink = sink + static_cast<std::size_t>(number_);
    }
    int number_;
};

FRAME int throw_at(int depth)
{
    Guard guard(depth);
    std::string text(static_cast<std::size_t>(depth) + 20, 'x');
    if (depth == 0) {
        throw std::runtime_error(text);
    }
    int result = throw_at(depth - 1);
    sink = sink + text.size();
    return result + 1;
}

FRAME void test_exceptions()
{
    for (int depth = 0; depth < 20; depth += 3) {
        destroyed = 0;
        bool is_caught = false;
        try {
            throw_at(depth);
        } catch (const std::exception &error) {
            is_caught = std::string(error.what()).size() > 5;
            stacks_check("handler of an exception", 4);
        }
        stacks_expect(is_caught, "the exception is caught");
        stacks_expect(destroyed == depth + 1, "all destructors ran");
    }
}

struct Shape {
    virtual ~Shape() = default;
    virtual std::size_t visit(std::size_t depth) = 0;
};

struct Square : Shape {
    FRAME std::size_t visit(std::size_t depth) override
    {
        if (depth == 0) {
            stacks_check("virtual call", 4);
            return 1;
        }
        std::size_t result = next->visit(depth - 1);
        return result + sink;
    }
    Shape *next = this;
};

struct Throwing {
    FRAME explicit Throwing(int value) : text(40, 'y')
    {
        stacks_check("constructor", 4);
        if (value == 1) {
            throw std::bad_alloc();
        }
    }
    std::string text;
};

FRAME void test_library()
{
    Square square;
    square.visit(7);

    std::vector<int> numbers(200);
    std::generate(numbers.begin(), numbers.end(), [n = 0]() mutable { return (n += 77) % 201; });
    int calls = 0;
    std::sort(numbers.begin(), numbers.end(), [&calls](int a, int b) {
        if (calls++ % 100 == 0) {
            stacks_check("comparison of std::sort", 4);
        }
        return a < b;
    });

    std::map<std::string, std::function<void()>> functions;
    functions["one"] = [] { stacks_check("std::function", 4); };
    for (auto &item : functions) {
        item.second();
    }

    try {
        std::vector<Throwing> things;
        things.emplace_back(0);
        things.emplace_back(1);
    } catch (const std::bad_alloc &) {
        stacks_check("handler of bad_alloc", 4);
    }

    std::thread thread([] { stacks_check("std::thread", 4); });
    thread.join();
}

struct AtStart {
    AtStart()
    {
        stacks_check("constructor before main", 4);
    }
    ~AtStart()
    {
        stacks_check("destructor after main", 3);
    }
} at_start;

} // namespace

int main()
{
    stacks_prepare();
    test_exceptions();
    test_library();
    return stacks_result();
}
