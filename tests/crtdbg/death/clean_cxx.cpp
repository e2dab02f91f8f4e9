// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A clean program in C++ with threads, streams, exceptions and static objects leaves no leak.

#include "common.h"

#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static std::map<std::string, std::vector<int>> table;
static std::string text = "a string that is too long to lie in the object";

static void work(int number)
{
    thread_local std::string own(1000, 'x');
    std::ostringstream stream;
    stream << number << own.size() << 1.5;
    if (stream.str().empty()) {
        std::cerr << "empty\n";
    }
}

int main()
{
    report_to_stderr();
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_LEAK_CHECK_DF);
    table["a key that is too long to lie in the object"] = {1, 2, 3};
    std::thread first(work, 1);
    std::thread second(work, 2);
    first.join();
    second.join();
    try {
        throw std::runtime_error(text);
    } catch (const std::exception &error) {
        std::cout << error.what() << 3.25 << std::endl;
    }
    std::ifstream file("/etc/passwd");
    std::string line;
    std::getline(file, line);
    std::unique_ptr<int[]> numbers(new (_CLIENT_BLOCK | (3 << 16), __FILE__, __LINE__) int[10]);
    return numbers[0] == 0;
}
