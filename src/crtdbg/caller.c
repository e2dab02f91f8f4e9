// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/caller.h"

#include "unwind/unwind.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

enum {
    RANGES_MAX = 32,
    MODULES_MAX = 64, // a power of two
};

struct range {
    uintptr_t start;
    uintptr_t end;
};

static struct {
    struct range program;             // code of the executable
    struct range runtime[RANGES_MAX]; // code of the runtime
    size_t runtime_count;
    struct range libc; // code of libc, which is among it
    // Functions of the runtime that allocate for the program: who calls the first kind from outside
    // of libc gets the block; of the second kind, whoever calls.
    struct range exempt[RANGES_MAX];
    size_t exempt_count;
    struct range container[RANGES_MAX];
    size_t container_count;
    bool is_static; // libc is in the program
} known;            // constant after caller_init()

// ---- At start ---------------------------------------------------------------------------------

static bool name_is_runtime(const char *path)
{
    static const char *const RUNTIME[] = {"libc.so.", "libc-", "ld-linux", "ld-", "libstdc++.so.",
        "libgcc_s.so.", "libpthread", "libdl", "libm.so.", "libc++.so.", "libc++abi.so.",
        "librt.so.", "libresolv.so.", "libnss_", "libasan.so.", "libubsan.so."};
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    for (size_t i = 0; i < sizeof(RUNTIME) / sizeof(RUNTIME[0]); i++) {
        if (strncmp(name, RUNTIME[i], strlen(RUNTIME[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void add_range(struct range *ranges, size_t *count, uintptr_t start, uintptr_t end)
{
    if (*count < RANGES_MAX && start < end) {
        ranges[(*count)++] = (struct range){start, end};
    }
}

static struct range code_of(const struct dl_phdr_info *info, unsigned segment)
{
    const ElfW(Phdr) *header = &info->dlpi_phdr[segment];
    bool is_code = header->p_type == PT_LOAD && (header->p_flags & PF_X) != 0;
    uintptr_t start = info->dlpi_addr + header->p_vaddr;
    return is_code ? (struct range){start, start + header->p_memsz} : (struct range){0, 0};
}

static void note_libc(const char *path, struct range code)
{
    const char *name = strrchr(path, '/');
    bool is_libc = name != NULL && strncmp(name, "/libc.so.", strlen("/libc.so.")) == 0;
    if (is_libc && code.end != 0) {
        known.libc = code;
    }
}

static int add_module(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    bool is_program = info->dlpi_name == NULL || info->dlpi_name[0] == '\0';
    if (!is_program && !name_is_runtime(info->dlpi_name)) {
        return 0;
    }
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        struct range code = code_of(info, i);
        if (!is_program) {
            add_range(known.runtime, &known.runtime_count, code.start, code.end);
            note_libc(info->dlpi_name, code);
        } else if (known.program.end == 0) { // the first without a name; the vdso may be another
            known.program = code;
        }
    }
    return 0;
}

// C functions whose blocks the program frees.
#define FOR_EXEMPT_FUNCTIONS(apply)                                                                \
    apply(strdup) apply(__strdup) apply(strndup) apply(__strndup) apply(wcsdup) apply(asprintf)    \
        apply(vasprintf) apply(getline) apply(getdelim) apply(getcwd) apply(get_current_dir_name)  \
            apply(realpath) apply(canonicalize_file_name) apply(scandir) apply(open_memstream)

// std::string and std::wstring making room, new and old, by the names of the C++ ABI.
#define FOR_CONTAINER_FUNCTIONS(apply)                                                             \
    apply(_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_createERmm)                     \
        apply(_ZNSt7__cxx1112basic_stringIwSt11char_traitsIwESaIwEE9_M_createERmm)                 \
            apply(_ZNSs4_Rep9_S_createEmmRKSaIcE)                                                  \
                apply(_ZNSbIwSt11char_traitsIwESaIwEE4_Rep9_S_createEmmRKSaIwE)

// Weak: a name that this process does not have is NULL.  The declared type does not matter.
#define DECLARE_EXEMPT(name) extern const char exempt_##name[] __asm__(#name) __attribute__((weak));
FOR_EXEMPT_FUNCTIONS(DECLARE_EXEMPT)
FOR_CONTAINER_FUNCTIONS(DECLARE_EXEMPT)

// ---- Static programs --------------------------------------------------------------------------

// A linker puts the program's objects and libraries first and libc last, and of libc first what the
// start file asks for: so libc's code goes from here to the end.
extern const char static_libc_start[] __asm__("__libc_start_main") __attribute__((weak));

// Where a function ends, as its call frame information says; `start`: there is none.
static uintptr_t function_end(uintptr_t start)
{
    uintptr_t first;
    uintptr_t end;
    return unwind_function(start, &first, &end) ? end : start;
}

// Without call frame information the program's strdup() could not be told from libc's own business.
static void find_static_libc(void)
{
    uintptr_t start = (uintptr_t)static_libc_start;
    uintptr_t end = known.program.end;
    if (start <= known.program.start || start >= end || function_end(start) == start) {
        return;
    }
    known.libc = (struct range){start, end};
    known.program.end = start;
    add_range(known.runtime, &known.runtime_count, start, end);
}

// ---- Functions --------------------------------------------------------------------------------

static void add_function(struct range *ranges, size_t *count, const char *function)
{
    if (known.is_static && function != NULL) {
        add_range(ranges, count, (uintptr_t)function, function_end((uintptr_t)function));
        return;
    }
    Dl_info info;
    void *extra = NULL;
    if (function == NULL || dladdr1(function, &info, &extra, RTLD_DL_SYMENT) == 0 ||
        extra == NULL) {
        return;
    }
    const ElfW(Sym) *symbol = extra;
    uintptr_t start = (uintptr_t)function;
    add_range(ranges, count, start, start + symbol->st_size);
}

bool caller_libc_is_static(void)
{
    return known.is_static;
}

void caller_init(void)
{
    dl_iterate_phdr(add_module, NULL);
    known.is_static = known.runtime_count == 0;
    if (known.is_static) {
        find_static_libc();
    }
    if (known.runtime_count == 0) {
        return;
    }
#define ADD_EXEMPT(name) add_function(known.exempt, &known.exempt_count, exempt_##name);
#define ADD_CONTAINER(name) add_function(known.container, &known.container_count, exempt_##name);
    FOR_EXEMPT_FUNCTIONS(ADD_EXEMPT)
    FOR_CONTAINER_FUNCTIONS(ADD_CONTAINER)
}

// ---- Later ------------------------------------------------------------------------------------

static bool is_in(const struct range *ranges, size_t count, uintptr_t address)
{
    for (size_t i = 0; i < count; i++) {
        if (address - ranges[i].start < ranges[i].end - ranges[i].start) {
            return true;
        }
    }
    return false;
}

// The dynamic linker's own answer, which takes no lock; since glibc 2.35, whatever this was built
// with.
#ifdef DLFO_STRUCT_HAS_EH_DBASE
#pragma weak _dl_find_object

// What is known of a module. Threads write it at will: `key` tells a mixture of two from the truth.
struct module {
    _Atomic(uintptr_t) key; // start ^ name ^ verdict ^ 1
    _Atomic(uintptr_t) start;
    _Atomic(uintptr_t) name;
    _Atomic(uintptr_t) verdict;
};
static struct module modules[MODULES_MAX];

static bool later_module_is_runtime(const void *address)
{
    struct dl_find_object found;
    if (_dl_find_object == NULL || _dl_find_object((void *)(uintptr_t)address, &found) != 0) {
        return false;
    }
    uintptr_t start = (uintptr_t)found.dlfo_map_start;
    uintptr_t name = (uintptr_t)found.dlfo_link_map->l_name;
    struct module *module = &modules[(start >> 12) & (MODULES_MAX - 1)];
    uintptr_t verdict = atomic_load_explicit(&module->verdict, memory_order_relaxed);
    bool is_known =
        atomic_load_explicit(&module->start, memory_order_relaxed) == start &&
        atomic_load_explicit(&module->name, memory_order_relaxed) == name &&
        atomic_load_explicit(&module->key, memory_order_relaxed) == (start ^ name ^ verdict ^ 1);
    if (is_known) {
        return verdict == 2;
    }
    verdict = name_is_runtime((const char *)name) ? 2 : 0;
    atomic_store_explicit(&module->start, start, memory_order_relaxed);
    atomic_store_explicit(&module->name, name, memory_order_relaxed);
    atomic_store_explicit(&module->verdict, verdict, memory_order_relaxed);
    atomic_store_explicit(&module->key, start ^ name ^ verdict ^ 1, memory_order_relaxed);
    return verdict == 2;
}

#else

static bool later_module_is_runtime(const void *address)
{
    (void)address;
    return false;
}

#endif

// Whether the program called a function that allocates for it: the outermost of libc's frames
// tells.
static bool libc_serves_program(const void *address)
{
    enum {
        DEPTH = 12
    };
    uintptr_t frames[DEPTH];
    size_t count = unwind_capture(frames, DEPTH, address);
    size_t inside = 0;
    while (inside < count && is_in(&known.libc, 1, frames[inside])) {
        inside++;
    }
    return inside > 0 && inside < count &&
           is_in(known.exempt, known.exempt_count, frames[inside - 1]);
}

bool caller_is_runtime(const void *address)
{
    uintptr_t code = (uintptr_t)address;
    if (is_in(&known.program, 1, code)) {
        return false;
    }
    if (is_in(known.runtime, known.runtime_count, code)) {
        bool is_for_program = is_in(&known.libc, 1, code)
                                  ? libc_serves_program(address)
                                  : is_in(known.container, known.container_count, code);
        return !is_for_program;
    }
    return known.runtime_count != 0 && later_module_is_runtime(address);
}
