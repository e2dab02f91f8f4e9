// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "win32/flags.h"

#include "base/text.h"
#include "engine/engine.h"
#include "halde-win32/winternl.h"

#include <string.h>

// ---- Global flags -----------------------------------------------------------------------------

// The one list of global flags: abbreviation, flag, the heap flags that result.
static const struct {
    char name[4];
    DWORD global;
    DWORD heap;
} GLOBAL_FLAGS[] = {
    {"htc", FLG_HEAP_ENABLE_TAIL_CHECK, HEAP_TAIL_CHECKING_ENABLED},
    {"hfc", FLG_HEAP_ENABLE_FREE_CHECK, HEAP_FREE_CHECKING_ENABLED},
    {"hpc", FLG_HEAP_VALIDATE_PARAMETERS,
        HEAP_FLAG_VALIDATE_PARAMS | HEAP_TAIL_CHECKING_ENABLED | HEAP_FREE_CHECKING_ENABLED},
    {"hvc", FLG_HEAP_VALIDATE_ALL,
        HEAP_FLAG_VALIDATE_ALL | HEAP_TAIL_CHECKING_ENABLED | HEAP_FREE_CHECKING_ENABLED},
    {"vrf", FLG_APPLICATION_VERIFIER, 0},
    {"htg", FLG_HEAP_ENABLE_TAGGING, HEAP_FLAG_SHARED},
    {"ust", FLG_USER_STACK_TRACE_DB, 0},
    {"htd", FLG_HEAP_ENABLE_TAG_BY_DLL, 0},
    {"dhc", FLG_HEAP_DISABLE_COALESCING, HEAP_DISABLE_COALESCE_ON_FREE},
    {"hpa", FLG_HEAP_PAGE_ALLOCS, HEAP_FLAG_PAGE_ALLOCS},
};
enum {
    GLOBAL_FLAG_COUNT = sizeof(GLOBAL_FLAGS) / sizeof(GLOBAL_FLAGS[0])
};

static bool parse_hexadecimal(const char *value, DWORD *flags)
{
    if (value[0] == '0' && (value[1] == 'x' || value[1] == 'X')) {
        value += 2;
    }
    size_t digits = strspn(value, "0123456789abcdefABCDEF");
    if (digits == 0 || digits > 8 || value[digits] != '\0') {
        return false;
    }
    DWORD parsed = 0;
    for (size_t i = 0; i < digits; i++) {
        // The low nibble of a letter's code is its value less 9, in both cases.
        DWORD nibble = (DWORD)value[i] & 0xF;
        parsed = parsed << 4 | (value[i] > '9' ? nibble + 9 : nibble);
    }
    *flags = parsed;
    return true;
}

static DWORD flag_of_name(const char *name, size_t size)
{
    for (size_t i = 0; i < GLOBAL_FLAG_COUNT; i++) {
        if (size == strlen(GLOBAL_FLAGS[i].name) && memcmp(name, GLOBAL_FLAGS[i].name, size) == 0) {
            return GLOBAL_FLAGS[i].global;
        }
    }
    return 0;
}

static bool parse_names(const char *value, DWORD *flags)
{
    DWORD parsed = 0;
    for (;;) {
        size_t size = strcspn(value, ",");
        DWORD flag = flag_of_name(value, size);
        if (flag == 0) {
            return false;
        }
        parsed |= flag;
        if (value[size] == '\0') {
            *flags = parsed;
            return true;
        }
        value += size + 1;
    }
}

bool flags_parse(const char *value, DWORD *flags)
{
    return parse_hexadecimal(value, flags) || parse_names(value, flags);
}

static void complain(const char *value)
{
    char buffer[256];
    struct text text;
    text_init(&text, buffer, sizeof(buffer));
    text_put(&text, "HALDE_OPTIONS: heap_flags='");
    text_put_bytes(&text, value, strnlen(value, 64));
    text_put(&text, "' is not usable; accepted: a hexadecimal number or a list of ");
    for (size_t i = 0; i < GLOBAL_FLAG_COUNT; i++) {
        text_put(&text, i == 0 ? "" : ",");
        text_put(&text, GLOBAL_FLAGS[i].name);
    }
    engine_message(buffer);
}

static DWORD read_option(void)
{
    const char *value = engine_option("heap_flags");
    DWORD flags = 0;
    if (value != NULL && !flags_parse(value, &flags)) {
        complain(value);
    }
    return flags;
}

DWORD flags_global(void)
{
    // Bit 32 says that the option has been read.  Every thread computes the same value; relaxed is
    // enough.
    const uint64_t IS_READ = UINT64_C(1) << 32;
    static _Atomic(uint64_t) cached;
    uint64_t value = atomic_load_explicit(&cached, memory_order_relaxed);
    if (value == 0) {
        value = read_option() | IS_READ;
        atomic_store_explicit(&cached, value, memory_order_relaxed);
    }
    return (DWORD)value;
}

// A wrong value is named at the start, while there is one thread, not when the first heap is made.
__attribute__((constructor)) static void read_at_start(void)
{
    flags_global();
}

DWORD flags_of_global(DWORD global)
{
    DWORD heap_flags = 0;
    for (size_t i = 0; i < GLOBAL_FLAG_COUNT; i++) {
        if ((global & GLOBAL_FLAGS[i].global) != 0) {
            heap_flags |= GLOBAL_FLAGS[i].heap;
        }
    }
    return heap_flags;
}

uint32_t flags_to_checks(DWORD heap_flags)
{
    uint32_t checks = 0;
    if ((heap_flags & HEAP_TAIL_CHECKING_ENABLED) != 0) {
        checks |= HALDE_CHECK_TAIL;
    }
    if ((heap_flags & HEAP_FREE_CHECKING_ENABLED) != 0) {
        checks |= HALDE_CHECK_FREE;
    }
    if ((heap_flags & HEAP_FLAG_VALIDATE_ALL) != 0) {
        checks |= HALDE_CHECK_ALWAYS;
    }
    return checks;
}

ULONG NTAPI RtlGetNtGlobalFlags(VOID)
{
    return flags_global();
}

// ---- A heap's flags ---------------------------------------------------------------------------

enum {
    COMPATIBILITY_SHIFT = 32
};

void flags_store(HANDLE heap, DWORD heap_flags)
{
    _Atomic(uint64_t) *word = engine_heap_word(heap);
    if (word != NULL) {
        atomic_store_explicit(word, heap_flags, memory_order_relaxed);
    }
}

DWORD flags_stored(HANDLE heap)
{
    _Atomic(uint64_t) *word = engine_heap_word(heap);
    if (word == NULL) {
        return 0;
    }
    // The engine made the process heap; its word has no flags.
    if (heap == halde_process_heap()) {
        return HEAP_GROWABLE | flags_of_global(flags_global());
    }
    return (DWORD)atomic_load_explicit(word, memory_order_relaxed);
}

DWORD flags_inherited(HANDLE heap)
{
    const DWORD INHERITED =
        HEAP_GENERATE_EXCEPTIONS | HEAP_ZERO_MEMORY | HEAP_REALLOC_IN_PLACE_ONLY;
    return flags_stored(heap) & INHERITED;
}

DWORD flags_compatibility(HANDLE heap)
{
    _Atomic(uint64_t) *word = engine_heap_word(heap);
    return word == NULL
               ? HEAP_COMPATIBILITY_STANDARD
               : (DWORD)(atomic_load_explicit(word, memory_order_relaxed) >> COMPATIBILITY_SHIFT);
}

void flags_set_compatibility(HANDLE heap, DWORD value)
{
    // Only 0 -> 2 ever happens, so setting bits is enough.
    _Atomic(uint64_t) *word = engine_heap_word(heap);
    if (word != NULL) {
        atomic_fetch_or_explicit(
            word, (uint64_t)value << COMPATIBILITY_SHIFT, memory_order_relaxed);
    }
}
