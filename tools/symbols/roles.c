// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "symbols/roles.h"

#include <string.h>

/// Names of functions that allocate, up to their parameters.
static const char *const allocating_functions[] = {"malloc", "calloc", "realloc", "reallocarray",
    "reallocf", "memalign", "posix_memalign", "aligned_alloc", "valloc", "pvalloc", "cfree",
    "__libc_malloc", "__libc_calloc", "__libc_realloc", "__libc_memalign", "__libc_valloc",
    "__libc_pvalloc", "operator new", "operator new[]", "_Znwm", "_Znam", "_ZnwmRKSt9nothrow_t",
    "_ZnamRKSt9nothrow_t", "_ZnwmSt11align_val_t", "_ZnamSt11align_val_t",
    "_ZnwmSt11align_val_tRKSt9nothrow_t", "_ZnamSt11align_val_tRKSt9nothrow_t", "_Znwj", "_Znaj",
    "__builtin_new", "__builtin_vec_new", "_malloc_dbg", "_calloc_dbg", "_realloc_dbg",
    "_recalloc_dbg", "_recalloc", "_aligned_malloc", "_aligned_malloc_dbg", "_aligned_realloc",
    "_aligned_realloc_dbg", "_aligned_offset_malloc", "_aligned_offset_realloc", "HeapAlloc",
    "HeapReAlloc", "GlobalAlloc", "GlobalReAlloc", "LocalAlloc", "LocalReAlloc", "RtlAllocateHeap",
    "RtlReAllocateHeap", "__rust_alloc", "__rust_alloc_zeroed", "__rust_realloc", "__rdl_alloc",
    "__rdl_alloc_zeroed", "__rdl_realloc", "__rg_alloc", "alloc::alloc::alloc",
    "alloc::alloc::alloc_zeroed", "alloc::alloc::realloc", "alloc::alloc::exchange_malloc"};

/// The same, whatever follows.
static const char *const allocating_prefixes[] = {"halde_", "__gnu_cxx::new_allocator<",
    "std::__new_allocator<", "std::allocator<", "std::allocator_traits<",
    "__gnu_cxx::__alloc_traits<", "std::__1::allocator<", "std::__1::allocator_traits<",
    "std::__1::__libcpp_allocate", "std::__1::__libcpp_operator_new", "alloc::alloc::Global",
    "<alloc::alloc::Global as ", "std::sys::", "std::alloc::System"};

static const char *const start_functions[] = {"_start", "__libc_start_main",
    "__libc_start_call_main", "__libc_start_main_impl", "__libc_start_main@@GLIBC_2.34",
    "start_thread", "clone", "clone3", "__clone", "__clone3", "__clone_internal", "_dl_start_user",
    "__libc_csu_init", "call_init", "_dl_init", "execute_native_thread_routine"};

static const char *const system_modules[] = {"libc.so", "libc-2.", "ld-linux", "ld-2.", "ld-musl",
    "libstdc++.so", "libgcc_s.so", "libpthread", "libm.so", "libdl", "libc++.so", "libc++abi.so",
    "libunwind.so", "[vdso]"};

static const char *const system_directories[] = {
    "/usr/include/", "/usr/lib/gcc/", "/usr/lib/llvm", "/rustc/", "/usr/src/glibc", "/build/glibc"};

static const char *const system_prefixes[] = {
    "std::", "void std::", "__gnu_cxx::", "core::", "alloc::", "<alloc::", "<core::", "<std::"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/// Bytes of a name before its parameters.
static size_t bare_length(const char *name)
{
    size_t length = strcspn(name, "(");
    // "operator()" has some before its own.
    if (length >= 8 && memcmp(name + length - 8, "operator", 8) == 0 && name[length] == '(') {
        length += 2 + strcspn(name + length + 1, "(") - 1;
    }
    return length;
}

static bool is_one_of(const char *name, const char *const *list, size_t count)
{
    size_t length = bare_length(name);
    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i]) == length && memcmp(list[i], name, length) == 0) {
            return true;
        }
    }
    return false;
}

static bool begins_with_one(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strncmp(text, list[i], strlen(list[i])) == 0) {
            return true;
        }
    }
    return false;
}

bool roles_allocates(const char *function)
{
    return is_one_of(function, allocating_functions, COUNT(allocating_functions));
}

static bool is_start(const char *function)
{
    return is_one_of(function, start_functions, COUNT(start_functions));
}

static bool is_system_module(const char *module)
{
    return begins_with_one(module, system_modules, COUNT(system_modules));
}

bool roles_starts(const char *function, const char *module)
{
    return is_start(function) && is_system_module(module);
}

static bool is_c_library(const char *module)
{
    return strncmp(module, "libc.so", 7) == 0 || strncmp(module, "ld-", 3) == 0 ||
           strncmp(module, "libc-2.", 7) == 0 || strncmp(module, "libpthread", 10) == 0;
}

/// Whether a name ends like that of a function that only allocates for others: xmalloc, g_strdup,
/// PyMem_RawCalloc.
static bool is_wrapper(const char *function)
{
    static const char *const endings[] = {
        "malloc", "calloc", "realloc", "zalloc", "malloc0", "strdup", "strndup", "memdup"};
    size_t length = bare_length(function);
    for (size_t i = 0; i < COUNT(endings); i++) {
        size_t size = strlen(endings[i]);
        if (length >= size && strncasecmp(function + length - size, endings[i], size) == 0) {
            return true;
        }
    }
    return false;
}

void roles_set(struct symbol_frame *frame)
{
    const char *function = frame->function;
    frame->is_allocator =
        strncmp(frame->module_name, "libhalde", 8) == 0 || roles_allocates(function) ||
        begins_with_one(function, allocating_prefixes, COUNT(allocating_prefixes));
    frame->is_system =
        is_system_module(frame->module_name) ||
        begins_with_one(frame->file, system_directories, COUNT(system_directories)) ||
        strstr(frame->file, "/include/c++/") != NULL ||
        begins_with_one(function, system_prefixes, COUNT(system_prefixes)) || is_wrapper(function);
    // A libc without symbols: what calls main() has no name there.
    frame->is_start = is_start(function) || (function[0] == 0 && is_c_library(frame->module_name));
}
