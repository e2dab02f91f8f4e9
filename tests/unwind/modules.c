// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Modules that come and go, the dynamic linker's own frames, code outside of all modules, and the
// way for systems without _dl_find_object().

#include "stacks.h"

#include "check.h"
#include "process.h"
#include "unwind/memo.h"
#include "unwind/modules.h"
#include "unwind/stack_depot.h"
#include "unwind/unwind.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef void run_function(void (*callback)(void));

void on_resolve(void);

static _Atomic(size_t) sink;
static struct stacks taken;
static size_t taken_count;

static void take(void)
{
    stacks_take(&taken);
    taken_count++;
}

static void *open_plugin(const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s.so", PLUGIN_FOLDER, name);
    void *plugin = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    if (plugin == NULL) {
        test_fail(CHECK_HERE, "%s", dlerror());
    }
    ASSERT_NOT_NULL(plugin);
    return plugin;
}

// ---- Same place, other code -------------------------------------------------------------------

// With a memo it takes some walks until a module that has gone is noticed, and no more.  (Not under
// valgrind: until then a place on the stack is read that the new code has not written.)
static void number_often(void)
{
    if (process_is_under_valgrind()) {
        return;
    }
    const void *caller = __builtin_return_address(0);
    uintptr_t frames[64];
    uint32_t number = 0;
    for (size_t i = 0; i <= MEMO_WALKS; i++) {
        number = unwind_number(unwind_thread_memo(), 64, caller);
    }
    size_t count = unwind_capture(frames, 64, caller);
    EXPECT_AT_LEAST(count, 4);
    EXPECT_SIZE(number, stack_depot_put(frames, count));
}

static uintptr_t run_plugin(const char *name)
{
    void *plugin = open_plugin(name);
    run_function *run;
    *(void **)&run = dlsym(plugin, "plugin_run");
    ASSERT_NOT_NULL((void *)(uintptr_t)run);
    run(number_often); // first: walks without a memo notice at once
    for (size_t i = 0; i < 3; i++) {
        run(take);
        stacks_expect_equal(name, &taken, 5);
    }
    dlclose(plugin);
    return (uintptr_t)run;
}

static void test_reloading(void)
{
    size_t same_count = 0;
    for (size_t i = 0; i < 50; i++) {
        uintptr_t small = run_plugin("plugin_small");
        uintptr_t large = run_plugin("plugin_large");
        same_count += small == large;
    }
    test_note("%zu of 50 pairs at the same address", same_count);
    EXPECT_AT_LEAST(same_count, 1);
}

// ---- The dynamic linker's frames --------------------------------------------------------------

void on_resolve(void)
{
    take();
    sink++;
}

static void test_lazy_binding(void)
{
    void *plugin = open_plugin("plugin_lazy");
    void (*call)(void);
    *(void **)&call = dlsym(plugin, "plugin_call");
    ASSERT_NOT_NULL((void *)(uintptr_t)call);
    size_t before = taken_count;
    call();
    ASSERT_SIZE(taken_count, before + 1);
    stacks_expect_equal("resolver at the first call", &taken, 8);
    bool is_found = false;
    for (size_t i = 0; i < taken.count; i++) {
        struct unwind_place place;
        is_found |=
            unwind_describe(taken.ours[i], &place) && strstr(place.path, "ld-linux") != NULL;
    }
    EXPECT_TRUE(is_found);
    dlclose(plugin);
}

// ---- Code without information -----------------------------------------------------------------

// push %rbp; mov %rsp, %rbp; sub $64, %rsp; call *%rdi; leave; ret
static const unsigned char WITH_FRAME_POINTER[] = {
    0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 0x40, 0xff, 0xd7, 0xc9, 0xc3};
// sub $72, %rsp; call *%rdi; add $72, %rsp; ret
static const unsigned char WITHOUT[] = {
    0x48, 0x83, 0xec, 0x48, 0xff, 0xd7, 0x48, 0x83, 0xc4, 0x48, 0xc3};
// As the first, with another such frame below it: calls itself once with the callback in %rsi.
static const unsigned char TWICE[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 0x40, // frame
    0x48, 0x85, 0xf6,             // test %rsi, %rsi
    0x74, 0x09,                   // jz call *%rdi
    0x31, 0xf6,                   // xor %esi, %esi
    0xe8, 0xec, 0xff, 0xff, 0xff, // call to the start
    0xc9, 0xc3, 0xff, 0xd7, 0xc9, 0xc3};

static char *code_page;

static uintptr_t make_code(const unsigned char *bytes, size_t size)
{
    if (code_page == NULL) {
        code_page = mmap(
            NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ASSERT_TRUE(code_page != MAP_FAILED);
    }
    memcpy(code_page, bytes, size);
    return (uintptr_t)code_page;
}

static bool is_made(uintptr_t address)
{
    return address - (uintptr_t)code_page < 4096;
}

// How many frames of `taken` lie in the page, and whether the program's go on behind them.
static size_t count_made(bool *goes_on)
{
    size_t count = 0;
    *goes_on = false;
    for (size_t i = 0; i < taken.count; i++) {
        count += is_made(taken.ours[i]);
        *goes_on |= count > 0 && !is_made(taken.ours[i]);
    }
    return count;
}

__attribute__((noinline)) static void call_code(uintptr_t code, uintptr_t more)
{
    void (*function)(void (*callback)(void), uintptr_t more);
    memcpy(&function, &code, sizeof(function));
    function(take, more);
    sink++;
}

static void test_made_code(void)
{
    bool goes_on;
    call_code(make_code(WITH_FRAME_POINTER, sizeof(WITH_FRAME_POINTER)), 0);
    EXPECT_SIZE(count_made(&goes_on), 1);
    EXPECT_TRUE(goes_on);
    EXPECT_AT_LEAST(taken.count, 6);
    size_t whole = taken.count;
    call_code(make_code(TWICE, sizeof(TWICE)), 1);
    EXPECT_SIZE(count_made(&goes_on), 2);
    EXPECT_TRUE(goes_on);
    EXPECT_SIZE(taken.count, whole + 1);
    // Here rbp is not a frame pointer of this function's: the stack ends, or goes on with a caller
    // of the caller's; it has no frame that is none.
    call_code(make_code(WITHOUT, sizeof(WITHOUT)), 0);
    EXPECT_SIZE(count_made(&goes_on), 1);
    EXPECT_AT_MOST(taken.count, whole);
    EXPECT_AT_LEAST(stacks_same(&taken), 2);
}

// ---- Without _dl_find_object() ----------------------------------------------------------------

static int compare(const void *a, const void *b)
{
    if (taken_count == 0) {
        take();
    }
    return *(const int *)a - *(const int *)b;
}

static void test_callback(void)
{
    int numbers[] = {3, 1, 2};
    taken_count = 0;
    qsort(numbers, 3, sizeof(numbers[0]), compare);
    stacks_expect_equal("callback", &taken, 6);
}

static void *run_callback(void *context)
{
    uintptr_t frames[64];
    for (size_t i = 0; i < 200; i++) {
        if (unwind_capture(frames, 64, NULL) < 2) {
            sink++;
        }
        unwind_modules_changed();
    }
    return context;
}

static void test_table(void)
{
    modules_use_table(true);
    test_callback();
    test_made_code();
    pthread_t threads[3];
    sink = 0;
    for (size_t i = 0; i < 3; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, run_callback, NULL) == 0);
    }
    for (size_t i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    EXPECT_SIZE(sink, 0);
    void *plugin = open_plugin("plugin_small");
    run_function *run;
    *(void **)&run = dlsym(plugin, "plugin_run");
    run(take);
    stacks_expect_equal("a module that was loaded since", &taken, 5);
    dlclose(plugin);
    modules_use_table(false);
    test_callback();
}

int main(void)
{
    stacks_prepare();
    test_callback();
    test_reloading();
    test_lazy_binding();
    test_made_code();
    test_table();
    return test_result();
}
