// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A static C++ program that cleans up: no leak is listed.

#include <crtdbg.h>
#include <iostream>
#include <locale>
#include <stdexcept>
#include <string>
#include <vector>

int main()
{
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_LEAK_CHECK_DF);
    std::vector<std::string> strings(10, std::string(100, 'x'));
    std::cout << strings.size() << std::endl;
    try {
        throw std::runtime_error(strings[3]);
    } catch (const std::exception &) {
    }
    return 0;
}
