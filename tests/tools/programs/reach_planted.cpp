// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Pointers to the inside of blocks as C++ makes them: all of these are in use, but for what
// plant_lost() makes.

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

struct item {
    item()
    {
    }
    ~item()
    {
        name[0] = 1;
    }
    char name[24] = {};
};

struct left {
    virtual ~left()
    {
    }
    long a = 1;
};
struct right {
    virtual ~right()
    {
    }
    long b = 2;
};
struct both : left, right {
    long c = 3;
};

item *volatile array;
right *volatile base;
std::map<std::string, std::vector<std::string>> *words;
std::shared_ptr<item> shared;

#define PLANT __attribute__((noinline)) static

PLANT item *plant_array()
{
    return new item[9];
}

PLANT right *plant_base()
{
    return new both;
}

PLANT void plant_words()
{
    words = new std::map<std::string, std::vector<std::string>>;
    for (int i = 0; i < 50; i++) {
        (*words)["a key that is too long to lie in the string " + std::to_string(i)].push_back(
            "a value that is too long to lie in the string " + std::to_string(i));
    }
}

PLANT void plant_shared()
{
    shared = std::make_shared<item>();
}

PLANT item *plant_lost()
{
    return new item[4];
}

static void plant()
{
    array = plant_array();
    base = plant_base();
    plant_words();
    plant_shared();
    plant_lost();
}

int main(int argc, char **)
{
    std::thread(plant).join();
    if (argc > 1) {
        std::puts("ready");
        std::fflush(stdout);
        pause();
    }
    _exit(0);
}
