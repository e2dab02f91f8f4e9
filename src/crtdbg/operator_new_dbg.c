// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// C++ operators new and delete with block type, file and line, by their mangled names: the library
// needs no C++ compiler.  Compiled with -fexceptions, so that an exception passes these frames.

#include "crtdbg/heap_dbg.h"
#include "crtdbg/new_handler.h"

#include <stdlib.h>

// The mangled names say "unsigned long".
static_assert(sizeof(size_t) == sizeof(unsigned long), "size_t is mangled as m");

// std::__throw_bad_alloc(), which the C++ runtime exports.
extern _Noreturn void _ZSt17__throw_bad_allocv(void) __attribute__((weak));

static _Noreturn COLD void throw_bad_alloc(void)
{
    if (_ZSt17__throw_bad_allocv == NULL) {
        engine_message("operator new: out of memory, and no C++ runtime to throw std::bad_alloc");
        abort();
    }
    _ZSt17__throw_bad_allocv();
}

static void *allocate(struct debug_request *request)
{
    for (;;) {
        void *block = debug_allocate_once(request);
        if (LIKELY(block != NULL)) {
            return block;
        }
        if (!new_handler_call(request->size)) {
            throw_bad_alloc();
        }
    }
}

#define DEFINE_NEW(name, family_)                                                                  \
    HALDE_API void *name(size_t size, int block_use, const char *file, int line);                  \
    void *name(size_t size, int block_use, const char *file, int line)                             \
    {                                                                                              \
        return allocate(&(struct debug_request){                                                   \
            .size = size, .use = block_use, .file = file, .line = line, .family = (family_)});     \
    }
DEFINE_NEW(_ZnwmiPKci, FAMILY_NEW)
DEFINE_NEW(_ZnamiPKci, FAMILY_NEW_ARRAY)

#define DEFINE_ALIGNED_NEW(name, family_)                                                          \
    HALDE_API void *name(                                                                          \
        size_t size, size_t alignment, int block_use, const char *file, int line);                 \
    void *name(size_t size, size_t alignment, int block_use, const char *file, int line)           \
    {                                                                                              \
        return allocate(&(struct debug_request){.size = size,                                      \
            .alignment = alignment,                                                                \
            .use = block_use,                                                                      \
            .file = file,                                                                          \
            .line = line,                                                                          \
            .family = (family_)});                                                                 \
    }
DEFINE_ALIGNED_NEW(_ZnwmSt11align_val_tiPKci, FAMILY_NEW)
DEFINE_ALIGNED_NEW(_ZnamSt11align_val_tiPKci, FAMILY_NEW_ARRAY)

// Called only when a constructor throws.
#define DEFINE_DELETE(name, family_)                                                               \
    HALDE_API void name(void *block, int block_use, const char *file, int line);                   \
    void name(void *block, int block_use, const char *file, int line)                              \
    {                                                                                              \
        (void)file;                                                                                \
        (void)line;                                                                                \
        debug_free_from(block, block_use, &(struct release){.family = (family_)});                 \
    }
DEFINE_DELETE(_ZdlPviPKci, FAMILY_NEW)
DEFINE_DELETE(_ZdaPviPKci, FAMILY_NEW_ARRAY)

#define DEFINE_ALIGNED_DELETE(name, family_)                                                       \
    HALDE_API void name(void *block, size_t alignment, int block_use, const char *file, int line); \
    void name(void *block, size_t alignment, int block_use, const char *file, int line)            \
    {                                                                                              \
        (void)alignment;                                                                           \
        (void)file;                                                                                \
        (void)line;                                                                                \
        debug_free_from(block, block_use, &(struct release){.family = (family_)});                 \
    }
DEFINE_ALIGNED_DELETE(_ZdlPvSt11align_val_tiPKci, FAMILY_NEW)
DEFINE_ALIGNED_DELETE(_ZdaPvSt11align_val_tiPKci, FAMILY_NEW_ARRAY)
