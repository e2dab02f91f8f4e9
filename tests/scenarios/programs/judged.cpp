// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What C++ programs lose: containers, threads, a plug-in, pointers to the inside.  Each function
// named plant_... makes the blocks of one kind; the scenario says which kind that is.  Arguments:
// the plug-in, and "wait" to be looked at.

#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <unordered_map>
#include <vector>

#define PLANT __attribute__((noinline)) static

static const char long_text[] = "a text that is too long to lie in the string itself";

struct ring {
    std::shared_ptr<ring> next;
    int number = 0;
};

struct first {
    virtual ~first()
    {
    }
    long a = 1;
};
struct second {
    virtual ~second()
    {
    }
    long b = 2;
};
struct both : first, second {
    long c = 3;
};

int *volatile inside;
second *volatile base;
std::map<std::string, int> *kept;

template <class T> static void lose(T *&pointer)
{
    __asm__ volatile("" : : "r"(pointer) : "memory");
    pointer = nullptr;
}

PLANT void plant_vector()
{
    auto *lost = new std::vector<std::string>(20, long_text);
    lose(lost);
}

PLANT void plant_map()
{
    auto *lost = new std::map<std::string, int>;
    for (int i = 0; i < 30; i++) {
        (*lost)[long_text + std::to_string(i)] = i;
    }
    lose(lost);
}

PLANT void plant_list()
{
    auto *lost = new std::list<int>(12, 7);
    lose(lost);
}

PLANT void plant_table()
{
    auto *lost = new std::unordered_map<int, std::string>;
    for (int i = 0; i < 25; i++) {
        (*lost)[i] = long_text;
    }
    lose(lost);
}

PLANT void plant_cycle()
{
    auto one = std::make_shared<ring>();
    one->next = std::make_shared<ring>();
    one->next->next = one;
}

PLANT void plant_text()
{
    auto *lost = new std::string(long_text);
    lose(lost);
}

PLANT void plant_array()
{
    auto *lost = new double[33];
    lose(lost);
}

PLANT void plant_in_thread(size_t size)
{
    char *lost = new char[size];
    memset(lost, 'T', size);
    lose(lost);
}

PLANT void plant_inside()
{
    inside = new int[100] + 10;
}

PLANT void plant_base()
{
    base = new both;
}

PLANT void plant_kept()
{
    kept = new std::map<std::string, int>;
    for (int i = 0; i < 15; i++) {
        (*kept)[long_text + std::to_string(i)] = i;
    }
}

static void make_all(const char *plug_in)
{
    plant_vector();
    plant_map();
    plant_list();
    plant_table();
    plant_cycle();
    plant_text();
    plant_array();
    plant_inside();
    plant_base();
    plant_kept();
    void *library = dlopen(plug_in, RTLD_NOW);
    void (*plant)() = nullptr;
    if (library) {
        *reinterpret_cast<void **>(&plant) = dlsym(library, "work_of_plug_in");
    }
    if (!plant) {
        std::fprintf(stderr, "%s\n", dlerror());
        _exit(2);
    }
    plant();
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        return 2;
    }
    // Threads make them, so that no old pointer is left on the first one's stack.
    std::thread(make_all, argv[1]).join();
    std::vector<std::thread> threads;
    for (size_t i = 0; i < 8; i++) {
        threads.emplace_back([i] {
            for (size_t j = 0; j < 5; j++) {
                plant_in_thread(100 + i);
            }
        });
    }
    for (auto &thread : threads) {
        thread.join();
    }
    std::puts("ready");
    std::fflush(stdout);
    if (argc > 2) {
        pause();
    }
    return 0;
}
