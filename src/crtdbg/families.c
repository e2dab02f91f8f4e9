// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/families.h"

#include "crtdbg/damage.h"
#include "crtdbg/sites.h"
#include "crtdbg/stacks.h"
#include "engine/engine.h"

#include <string.h>

static bool is_on; // constant after families_init()

// The operators as the program's units see them.
extern const char operator_new_seen[] __asm__("_Znwm") __attribute__((weak));
extern const char operator_delete_seen[] __asm__("_ZdlPv") __attribute__((weak));

static bool option_is(const char *key, const char *expected)
{
    const char *value = engine_option(key);
    return value != NULL && strcmp(value, expected) == 0;
}

// Whether the program has operators of its own: then its blocks come from malloc() and go back as
// that operator, or one of ours, thinks best.
static bool operators_are_replaced(void)
{
    return &redirect_operators == NULL ||
           (const void *)operator_new_seen != redirect_operators.new_here ||
           (const void *)operator_delete_seen != redirect_operators.delete_here;
}

void families_init(void)
{
    bool is_wanted = option_is("crt_families", "1") ||
                     (option_is("mode", "crt") && !option_is("crt_families", "0"));
    is_on = is_wanted && !operators_are_replaced();
}

// ---- Report -----------------------------------------------------------------------------------

#define REPORT_AND_BREAK(...)                                                                      \
    do {                                                                                           \
        if (report(REPORT_WARN, __VA_ARGS__) == 1) {                                               \
            debug_break();                                                                         \
        }                                                                                          \
    } while (0)

static const char *maker_of(uint32_t family)
{
    static const char *const MAKERS[] = {"malloc", "operator new", "operator new[]"};
    return family < sizeof(MAKERS) / sizeof(MAKERS[0]) ? MAKERS[family] : "an unknown function";
}

static const char *releaser_of(const struct release *release)
{
    static const char *const RELEASERS[] = {"free", "operator delete", "operator delete[]"};
    return release->is_resize ? "realloc" : RELEASERS[release->family];
}

// Where it was made, and who frees it.
static void say_places(const struct debug_facts *block, const void *caller)
{
    const char *file = debug_file_of(block->origin);
    if (file != NULL) {
        REPORT_AND_BREAK("\nMemory allocated at %hs(%d).\n", file, block->origin->line);
    }
    stacks_report_caller(caller, REPORT_WARN);
    if (block->stack != 0) {
        REPORT_AND_BREAK("Allocated by\n");
        stacks_report(block->stack, REPORT_WARN);
    }
}

static COLD void say_family(const struct debug_block *block, const struct release *release)
{
    struct debug_facts facts;
    debug_block_facts(block, &facts);
    if (!site_is_new(release->caller, SITE_FAMILY)) {
        return;
    }
    REPORT_AND_BREAK(
        "MISMATCHED RELEASE: %hs block (#%d) at 0x%p, %Iu bytes long, was allocated by "
        "%hs and is released by %hs.\n",
        debug_type_word(facts.use), (int)facts.number, facts.user, facts.size,
        maker_of(facts.origin->family), releaser_of(release));
    say_places(&facts, release->caller);
}

static COLD void say_size(const struct debug_block *block, const struct delete_claim *claim)
{
    struct debug_facts facts;
    debug_block_facts(block, &facts);
    if (!site_is_new(claim->caller, SITE_FAMILY)) {
        return;
    }
    REPORT_AND_BREAK(
        "MISMATCHED RELEASE: %hs block (#%d) at 0x%p, %Iu bytes long, is released as one "
        "of %Iu bytes.\n",
        debug_type_word(facts.use), (int)facts.number, facts.user, facts.size, claim->size);
    say_places(&facts, claim->caller);
}

static COLD void say_alignment(const struct debug_block *block, const struct delete_claim *claim)
{
    struct debug_facts facts;
    debug_block_facts(block, &facts);
    if (!site_is_new(claim->caller, SITE_FAMILY)) {
        return;
    }
    size_t wanted = facts.front > FRONT_GAP_SIZE ? facts.front : 0;
    size_t claimed = claim->alignment > FRONT_GAP_SIZE ? claim->alignment : 0;
    REPORT_AND_BREAK(
        "MISMATCHED RELEASE: %hs block (#%d) at 0x%p, %Iu bytes long, was allocated with an "
        "alignment of %Iu and is released with one of %Iu (0: the usual).\n",
        debug_type_word(facts.use), (int)facts.number, facts.user, facts.size, wanted, claimed);
    say_places(&facts, claim->caller);
}

// ---- Check ------------------------------------------------------------------------------------

void families_check(const struct debug_block *block, const struct release *release)
{
    if (is_on && UNLIKELY(debug_block_origin(block)->family != release->family)) {
        say_family(block, release);
    }
}

// The usual alignment says nothing: a class may be declared with it.
static bool alignments_match(const struct debug_block *block, size_t alignment)
{
    size_t front = alignment > FRONT_GAP_SIZE ? alignment : FRONT_GAP_SIZE;
    return (size_t)(block->user - block->base) == front;
}

void families_check_delete(const void *pointer, const struct delete_claim *claim)
{
    struct debug_block block;
    if (!is_on || !debug_block_find(pointer, &block) || !debug_block_is_valid(&block) ||
        debug_block_origin(&block)->family != claim->family) {
        return; // a wrong family, or pointer, is reported by itself
    }
    if (claim->size != DELETE_SIZE_UNKNOWN && claim->size != block.size) {
        say_size(&block, claim);
    } else if (!alignments_match(&block, claim->alignment)) {
        say_alignment(&block, claim);
    }
}
