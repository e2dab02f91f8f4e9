// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=mode=crt

// Everything here is right: nothing is said.  All forms of new and delete, as compilers and the
// library use them.

#include <cstdlib>
#include <cstring>
#include <functional>
#include <list>
#include <locale>
#include <map>
#include <memory>
#include <memory_resource>
#include <new>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace
{

struct alignas(64) wide {
    char bytes[64];
    virtual ~wide() = default;
};
struct derived : wide {
    std::string name{"a name that does not fit into the string itself"};
};
struct with_destructor {
    ~with_destructor()
    {
    }
    int value = 1;
};
struct throws {
    explicit throws(bool does)
    {
        if (does) {
            throw std::runtime_error("constructor");
        }
    }
    char bytes[100];
};
struct empty {
};

void forms()
{
    delete new int;
    delete[] new int[10];
    delete[] new with_destructor[3];
    delete new wide;
    delete[] new wide[3];
    delete static_cast<wide *>(new derived);
    delete new (std::nothrow) int;
    delete[] new (std::nothrow) with_destructor[3];
    delete new (std::nothrow) wide;
    delete new empty;
    delete[] new char[0];
    operator delete(operator new(10), std::nothrow);
    operator delete[](operator new[](10, std::align_val_t(8)), std::align_val_t(8));
    operator delete(operator new(10, std::align_val_t(4096)), static_cast<std::size_t>(10),
        std::align_val_t(4096));
    delete static_cast<int *>(nullptr);
    try {
        delete new throws(true);
    } catch (const std::runtime_error &) {
    }
    try {
        delete new (std::nothrow) throws(true);
    } catch (const std::runtime_error &) {
    }
}

void library()
{
    std::vector<wide> wides(10);
    std::map<std::string, std::vector<int>> map;
    for (int i = 0; i < 200; i++) {
        map[std::to_string(i) + " is a number with a long name"].resize(static_cast<size_t>(i));
    }
    std::unordered_map<int, std::string> hashed;
    for (int i = 0; i < 200; i++) {
        hashed.emplace(i, std::string(static_cast<size_t>(i), 'x'));
    }
    std::shared_ptr<wide> shared = std::make_shared<derived>();
    std::unique_ptr<wide[]> owned(new wide[2]);
    std::pmr::vector<int> pooled(100, std::pmr::new_delete_resource());
    std::pmr::monotonic_buffer_resource buffer;
    std::pmr::list<int> listed({1, 2, 3}, &buffer);
    std::stringstream stream;
    stream << std::string(1000, 'y') << 3.5 << std::regex_replace("abc", std::regex("b+"), "x");
    std::function<int()> function = [map] { return static_cast<int>(map.size()); };
    std::thread thread([&] { hashed[1] = std::to_string(function()); });
    thread.join();
    std::locale locale(std::locale::classic(), new std::ctype<char>);
    std::wstring text(100, L'z');
    text += text;
}

} // namespace

int main()
{
    forms();
    library();
    char *copy = strdup("text");
    copy = static_cast<char *>(realloc(copy, 100));
    free(copy);
    return 0;
}
