// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// C++ operator new and delete by their mangled names, written in C: the library needs neither a C++
// compiler nor the C++ runtime.  Compiled with -fexceptions, so that an exception passes these
// frames.
//
// Out of memory the new-handler is called until there is memory or no handler is left; then
// std::bad_alloc is thrown, by the C++ runtime of the process.  That runtime is found by weak
// references, or, when only a plug-in brought it, by asking the dynamic linker.  Without any, as in
// a C program that calls these functions by hand, the process ends with a message.
//
// The nothrow forms return NULL also when a new-handler throws.  Catching takes C++, so with a
// handler set they hand the request to the runtime's own nothrow operator, which calls our throwing
// one and catches.  In a static program that operator has given way to ours; there an exception
// from a handler leaves a function that promised not to throw, and the process ends in
// std::terminate().

#include "base/text.h"
#include "engine/fast.h"
#include "malloc/family.h"
#include "malloc/operators.h"

#include <dlfcn.h>
#include <stdlib.h>

#define UNUSED __attribute__((unused))

// Weak: a program that is linked with the archive may bring some of them, as it may with libstdc++.
#define OPERATOR HALDE_API __attribute__((weak))

struct nothrow; // std::nothrow_t

// The mangled names say "unsigned long".
static_assert(sizeof(size_t) == sizeof(unsigned long), "size_t is mangled as m");

typedef void new_handler(void);

// ---- The C++ runtime --------------------------------------------------------------------------

// Names that the C++ ABI fixes.
extern new_handler *_ZSt15get_new_handlerv(void) __attribute__((weak));
extern void *__cxa_allocate_exception(size_t size) __attribute__((weak));
extern void __cxa_throw(void *object, void *type, void (*destroy)(void *)) __attribute__((weak));
extern char _ZTISt9bad_alloc[] __attribute__((weak));
extern char _ZTVSt9bad_alloc[] __attribute__((weak));
extern void _ZNSt9bad_allocD1Ev(void *object) __attribute__((weak));

// Static programs may have no dynamic linker to ask, and this file's own library may be one.
#pragma weak dlsym

// A symbol of the C++ runtime: `linked`, or one of a runtime that is loaded, but not for all to
// see.
static void *runtime_symbol(const char *name, void *linked)
{
    return linked != NULL || loaded_runtime_symbol == NULL ? linked : loaded_runtime_symbol(name);
}

// Function pointers and object pointers are alike on every system with dlsym().
#define RUNTIME_FUNCTION(name) ((__typeof__(&(name)))runtime_symbol(#name, (void *)(name)))

static new_handler *current_handler(void)
{
    __typeof__(&_ZSt15get_new_handlerv) get = RUNTIME_FUNCTION(_ZSt15get_new_handlerv);
    return get == NULL ? NULL : get();
}

static _Noreturn void no_runtime_abort(size_t size)
{
    char line[128];
    struct text text;
    text_init(&text, line, sizeof(line));
    text_put(&text, "operator new: out of memory for ");
    text_put_decimal(&text, size);
    text_put(&text, " bytes, and no C++ runtime to throw std::bad_alloc");
    engine_message(line);
    abort();
}

static _Noreturn void throw_bad_alloc(size_t size)
{
    __typeof__(&__cxa_allocate_exception) allocate = RUNTIME_FUNCTION(__cxa_allocate_exception);
    __typeof__(&__cxa_throw) throw_object = RUNTIME_FUNCTION(__cxa_throw);
    void *type = runtime_symbol("_ZTISt9bad_alloc", _ZTISt9bad_alloc);
    char *table = runtime_symbol("_ZTVSt9bad_alloc", _ZTVSt9bad_alloc);
    if (allocate == NULL || throw_object == NULL || type == NULL || table == NULL) {
        no_runtime_abort(size);
    }
    // std::bad_alloc is a pointer to its virtual functions, which follow two words of the table.
    void **object = allocate(sizeof(void *));
    *object = table + 2 * sizeof(void *);
    throw_object(object, type, RUNTIME_FUNCTION(_ZNSt9bad_allocD1Ev));
    __builtin_unreachable();
}

// ---- Out of memory ----------------------------------------------------------------------------

// What operator new was asked for.
struct wish {
    size_t size;
    size_t alignment; // 1: none
    enum allocator_family family;
    const void *caller;
};

static void *try_new(const struct wish *wish)
{
    return malloc_aligned(wish->alignment, wish->size, wish->family, wish->caller);
}

// Calls the handler until there is memory: then the block, or NULL when no handler is left.
static void *call_handlers(const struct wish *wish)
{
    for (new_handler *handler = current_handler(); handler != NULL; handler = current_handler()) {
        if (redirect_note_failure != NULL) {
            redirect_note_failure(wish->size);
        }
        handler();
        void *block = try_new(wish);
        if (block != NULL) {
            return block;
        }
    }
    return NULL;
}

static COLD void *new_again(const struct wish *wish)
{
    void *block = call_handlers(wish);
    if (block == NULL) {
        throw_bad_alloc(wish->size);
    }
    return block;
}

typedef void *nothrow_new(size_t size, const struct nothrow *tag);
typedef void *nothrow_aligned_new(size_t size, size_t alignment, const struct nothrow *tag);

// The next definition of an operator after ours, or the one of a runtime that is not for all to
// see; NULL when there is none.
static void *runtime_operator(const char *name, void *own)
{
    void *next = dlsym == NULL ? NULL : dlsym(RTLD_NEXT, name);
    next = runtime_symbol(name, next);
    return next == own ? NULL : next;
}

static COLD void *new_nothrow_again(
    const struct wish *wish, const struct nothrow *tag, nothrow_new *own)
{
    if (current_handler() == NULL) {
        return NULL;
    }
    nothrow_new *next = (nothrow_new *)runtime_operator("_ZnwmRKSt9nothrow_t", (void *)own);
    return next != NULL ? next(wish->size, tag) : call_handlers(wish);
}

static COLD void *new_aligned_nothrow_again(
    const struct wish *wish, const struct nothrow *tag, nothrow_aligned_new *own)
{
    if (current_handler() == NULL) {
        return NULL;
    }
    nothrow_aligned_new *next =
        (nothrow_aligned_new *)runtime_operator("_ZnwmSt11align_val_tRKSt9nothrow_t", (void *)own);
    return next != NULL ? next(wish->size, wish->alignment, tag) : call_handlers(wish);
}

// ---- Replaced operators -------------------------------------------------------------------------
// A program that brings some of the operators itself has them called by all others, as the standard
// says: new[] and nothrow new by new, delete[] and sized delete by delete, and so on.

#define IS_REPLACED(member) UNLIKELY(operators_seen.member != operators_here.member)

// Each hands the block to the operator that its caller has to call, if the program brought that.
ALWAYS_INLINE bool passes_to_delete(void *block)
{
    bool is_replaced = IS_REPLACED(delete_);
    if (is_replaced) {
        operators_seen.delete_(block);
    }
    return is_replaced;
}

ALWAYS_INLINE bool passes_to_array_delete(void *block)
{
    if (IS_REPLACED(array_delete)) {
        operators_seen.array_delete(block);
        return true;
    }
    return passes_to_delete(block);
}

ALWAYS_INLINE bool passes_to_aligned_delete(void *block, size_t alignment)
{
    bool is_replaced = IS_REPLACED(aligned_delete);
    if (is_replaced) {
        operators_seen.aligned_delete(block, alignment);
    }
    return is_replaced;
}

ALWAYS_INLINE bool passes_to_array_aligned_delete(void *block, size_t alignment)
{
    if (IS_REPLACED(array_aligned_delete)) {
        operators_seen.array_aligned_delete(block, alignment);
        return true;
    }
    return passes_to_aligned_delete(block, alignment);
}

// ---- new --------------------------------------------------------------------------------------

static NOINLINE void *new_rest(size_t size, enum allocator_family family, const void *caller)
{
    const struct wish wish = {size, 1, family, caller};
    void *block = try_new(&wish);
    return LIKELY(block != NULL) ? block : new_again(&wish);
}

// operator new(size), new[](size)
OPERATOR void *_Znwm(size_t size);
OPERATOR void *_Znam(size_t size);

void *_Znwm(size_t size)
{
    void *block = fast_malloc(size);
    return LIKELY(block != NULL) ? block : new_rest(size, FAMILY_NEW, CALLER);
}

void *_Znam(size_t size)
{
    if (IS_REPLACED(new_)) {
        return operators_seen.new_(size);
    }
    void *block = fast_malloc(size);
    return LIKELY(block != NULL) ? block : new_rest(size, FAMILY_NEW_ARRAY, CALLER);
}

// The same, nothrow
OPERATOR void *_ZnwmRKSt9nothrow_t(size_t size, const struct nothrow *tag);
OPERATOR void *_ZnamRKSt9nothrow_t(size_t size, const struct nothrow *tag);

static void *new_nothrow(const struct wish *wish, const struct nothrow *tag)
{
    void *block = try_new(wish);
    return LIKELY(block != NULL) ? block : new_nothrow_again(wish, tag, _ZnwmRKSt9nothrow_t);
}

// The runtime's own nothrow operator, which calls the program's and catches; NULL: there is none.
static COLD nothrow_new *catching_new(const char *name, nothrow_new *own)
{
    return (nothrow_new *)runtime_operator(name, (void *)own);
}

static COLD nothrow_aligned_new *catching_aligned_new(const char *name, nothrow_aligned_new *own)
{
    return (nothrow_aligned_new *)runtime_operator(name, (void *)own);
}

void *_ZnwmRKSt9nothrow_t(size_t size, const struct nothrow *tag)
{
    if (IS_REPLACED(new_)) {
        nothrow_new *next = catching_new("_ZnwmRKSt9nothrow_t", _ZnwmRKSt9nothrow_t);
        return next != NULL ? next(size, tag) : operators_seen.new_(size);
    }
    return new_nothrow(&(struct wish){size, 1, FAMILY_NEW, CALLER}, tag);
}

void *_ZnamRKSt9nothrow_t(size_t size, const struct nothrow *tag)
{
    if (IS_REPLACED(new_) || IS_REPLACED(array_new)) {
        nothrow_new *next = catching_new("_ZnamRKSt9nothrow_t", _ZnamRKSt9nothrow_t);
        return next != NULL ? next(size, tag) : operators_seen.array_new(size);
    }
    return new_nothrow(&(struct wish){size, 1, FAMILY_NEW_ARRAY, CALLER}, tag);
}

// The same with an alignment
OPERATOR void *_ZnwmSt11align_val_t(size_t size, size_t alignment);
OPERATOR void *_ZnamSt11align_val_t(size_t size, size_t alignment);
OPERATOR void *_ZnwmSt11align_val_tRKSt9nothrow_t(
    size_t size, size_t alignment, const struct nothrow *tag);
OPERATOR void *_ZnamSt11align_val_tRKSt9nothrow_t(
    size_t size, size_t alignment, const struct nothrow *tag);

static void *new_aligned(const struct wish *wish)
{
    void *block = try_new(wish);
    return LIKELY(block != NULL) ? block : new_again(wish);
}

void *_ZnwmSt11align_val_t(size_t size, size_t alignment)
{
    return new_aligned(&(struct wish){size, alignment, FAMILY_NEW, CALLER});
}

void *_ZnamSt11align_val_t(size_t size, size_t alignment)
{
    if (IS_REPLACED(aligned_new)) {
        return operators_seen.aligned_new(size, alignment);
    }
    return new_aligned(&(struct wish){size, alignment, FAMILY_NEW_ARRAY, CALLER});
}

static void *new_aligned_nothrow(const struct wish *wish, const struct nothrow *tag)
{
    void *block = try_new(wish);
    if (LIKELY(block != NULL)) {
        return block;
    }
    return new_aligned_nothrow_again(wish, tag, _ZnwmSt11align_val_tRKSt9nothrow_t);
}

void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment, const struct nothrow *tag)
{
    if (IS_REPLACED(aligned_new)) {
        nothrow_aligned_new *next = catching_aligned_new(
            "_ZnwmSt11align_val_tRKSt9nothrow_t", _ZnwmSt11align_val_tRKSt9nothrow_t);
        return next != NULL ? next(size, alignment, tag)
                            : operators_seen.aligned_new(size, alignment);
    }
    return new_aligned_nothrow(&(struct wish){size, alignment, FAMILY_NEW, CALLER}, tag);
}

void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment, const struct nothrow *tag)
{
    if (IS_REPLACED(aligned_new) || IS_REPLACED(array_aligned_new)) {
        nothrow_aligned_new *next = catching_aligned_new(
            "_ZnamSt11align_val_tRKSt9nothrow_t", _ZnamSt11align_val_tRKSt9nothrow_t);
        return next != NULL ? next(size, alignment, tag)
                            : operators_seen.array_aligned_new(size, alignment);
    }
    return new_aligned_nothrow(&(struct wish){size, alignment, FAMILY_NEW_ARRAY, CALLER}, tag);
}

// ---- delete -----------------------------------------------------------------------------------

// Sizes and alignments add nothing to what the block's address tells: all of them are free().  The
// debug heap compares them with what it knows.
static NOINLINE void delete_rest(void *block, const struct delete_claim *claim)
{
    const struct allocator_redirect *redirect = family_redirect();
    if (UNLIKELY(redirect != NULL && redirect->claim != NULL && block != NULL)) {
        redirect->claim(block, claim);
    }
    malloc_free_rest(block, claim->family, claim->caller);
}

#define DEFINE_DELETE(name, family_, size_, alignment_, is_passed, parameters)                     \
    OPERATOR void name parameters;                                                                 \
    void name parameters                                                                           \
    {                                                                                              \
        if (UNLIKELY(is_passed)) {                                                                 \
            return;                                                                                \
        }                                                                                          \
        if (UNLIKELY(!fast_free_any(block))) {                                                     \
            const struct delete_claim claim = {.family = (family_),                                \
                .size = (size_),                                                                   \
                .alignment = (alignment_),                                                         \
                .caller = CALLER};                                                                 \
            delete_rest(block, &claim);                                                            \
        }                                                                                          \
    }

// clang-format off
#define UNKNOWN DELETE_SIZE_UNKNOWN
DEFINE_DELETE(_ZdlPv, FAMILY_NEW, UNKNOWN, 0, false, (void *block))
DEFINE_DELETE(_ZdaPv, FAMILY_NEW_ARRAY, UNKNOWN, 0, passes_to_delete(block), (void *block))
DEFINE_DELETE(_ZdlPvm, FAMILY_NEW, size, 0, passes_to_delete(block), (void *block, size_t size))
DEFINE_DELETE(_ZdaPvm, FAMILY_NEW_ARRAY, size, 0, passes_to_array_delete(block), (void *block, size_t size))
DEFINE_DELETE(_ZdlPvSt11align_val_t, FAMILY_NEW, UNKNOWN, alignment, false, (void *block, size_t alignment))
DEFINE_DELETE(_ZdaPvSt11align_val_t, FAMILY_NEW_ARRAY, UNKNOWN, alignment,
    passes_to_aligned_delete(block, alignment), (void *block, size_t alignment))
DEFINE_DELETE(_ZdlPvmSt11align_val_t, FAMILY_NEW, size, alignment,
    passes_to_aligned_delete(block, alignment), (void *block, size_t size, size_t alignment))
DEFINE_DELETE(_ZdaPvmSt11align_val_t, FAMILY_NEW_ARRAY, size, alignment,
    passes_to_array_aligned_delete(block, alignment), (void *block, size_t size, size_t alignment))
DEFINE_DELETE(_ZdlPvRKSt9nothrow_t, FAMILY_NEW, UNKNOWN, 0, passes_to_delete(block),
    (void *block, UNUSED const struct nothrow *tag))
DEFINE_DELETE(_ZdaPvRKSt9nothrow_t, FAMILY_NEW_ARRAY, UNKNOWN, 0, passes_to_array_delete(block),
    (void *block, UNUSED const struct nothrow *tag))
DEFINE_DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, FAMILY_NEW, UNKNOWN, alignment,
    passes_to_aligned_delete(block, alignment), (void *block, size_t alignment, UNUSED const struct nothrow *tag))
DEFINE_DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, FAMILY_NEW_ARRAY, UNKNOWN, alignment,
    passes_to_array_aligned_delete(block, alignment),
    (void *block, size_t alignment, UNUSED const struct nothrow *tag))
// clang-format on

// ---- By another name ----------------------------------------------------------------------------

// Ours, whatever the program brings.
HIDDEN void *new_here(size_t size) __attribute__((alias("_Znwm")));
HIDDEN void *array_new_here(size_t size) __attribute__((alias("_Znam")));
HIDDEN void *aligned_new_here(size_t size, size_t alignment)
    __attribute__((alias("_ZnwmSt11align_val_t")));
HIDDEN void *array_aligned_new_here(size_t size, size_t alignment)
    __attribute__((alias("_ZnamSt11align_val_t")));
HIDDEN void delete_here(void *block) __attribute__((alias("_ZdlPv")));
HIDDEN void array_delete_here(void *block) __attribute__((alias("_ZdaPv")));
HIDDEN void aligned_delete_here(void *block, size_t alignment)
    __attribute__((alias("_ZdlPvSt11align_val_t")));
HIDDEN void array_aligned_delete_here(void *block, size_t alignment)
    __attribute__((alias("_ZdaPvSt11align_val_t")));

HIDDEN const struct operators operators_here = {
    .new_ = new_here,
    .array_new = array_new_here,
    .aligned_new = aligned_new_here,
    .array_aligned_new = array_aligned_new_here,
    .delete_ = delete_here,
    .array_delete = array_delete_here,
    .aligned_delete = aligned_delete_here,
    .array_aligned_delete = array_aligned_delete_here,
};

HIDDEN const struct redirect_operators redirect_operators = {
    .new_here = (const void *)new_here,
    .delete_here = (const void *)delete_here,
};
