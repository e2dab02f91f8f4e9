// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/damage.h"

#include "base/bits.h"
#include "crtdbg/bounds.h"
#include "crtdbg/debug_state.h"
#include "crtdbg/origins.h"
#include "crtdbg/quarantine.h"
#include "crtdbg/stacks.h"
#include "engine/engine.h"
#include "os/os.h"
#include "os/process.h"

#include <string.h>

// ---- Words ------------------------------------------------------------------------------------

// Whether a name may be printed: the module that it lies in may be gone, and other memory there.
static bool is_text(const char *name)
{
    enum {
        NAME_MAX_SIZE = 4096
    };
    for (size_t i = 0; i < NAME_MAX_SIZE; i++) {
        bool begins_page = i == 0 || (uintptr_t)(name + i) % os_page_size() == 0;
        if (begins_page && !engine_is_readable(name + i, 1)) {
            return false;
        }
        if (name[i] == '\0') {
            return true;
        }
    }
    return false;
}

const char *debug_file_of(const struct origin *origin)
{
    if (origin->copy != NULL || origin->file == NULL) {
        return origin->copy;
    }
    return is_text(origin->file) ? origin->file : NULL;
}

const char *debug_type_word(int use)
{
    static const char *const WORDS[_MAX_BLOCKS] = {"Free", "Normal", "CRT", "Ignore", "Client"};
    return debug_type_is_valid(use) ? WORDS[_BLOCK_TYPE(use)] : "DAMAGED";
}

// ---- Facts ------------------------------------------------------------------------------------

void debug_block_facts(const struct debug_block *block, struct debug_facts *facts)
{
    *facts = (struct debug_facts){
        .user = block->user,
        .size = block->size,
        .front = (size_t)(block->user - block->base),
        .number = record_number(block->record),
        .origin = debug_block_origin(block),
        .use = debug_block_use(block),
        .stack = block->record->stack,
        .thread_id = record_thread(block->record),
        .freed_by = debug_block_state(block) == RECORD_QUARANTINED
                        ? quarantine_caller_of(block->base)
                        : NULL,
    };
}

// ---- Find -------------------------------------------------------------------------------------

// The first wrong byte among [bytes, bytes+size), and what stands there.
static bool note_change(struct damage *damage, const uint8_t *bytes, size_t size, uint8_t expected)
{
    const uint8_t *changed = debug_first_wrong(bytes, size, expected);
    if (changed == NULL) {
        return false;
    }
    size_t rest = size - (size_t)(changed - bytes);
    damage->changed = changed;
    damage->expected = expected;
    damage->byte_count = (uint8_t)size_min(rest, sizeof(damage->bytes));
    memcpy(damage->bytes, changed, damage->byte_count);
    damage->changed_count = 0;
    for (size_t i = 0; i < rest; i++) {
        damage->changed_count += changed[i] != expected;
    }
    return true;
}

static void note_changes(const struct debug_block *block, struct damage *damage)
{
    size_t size;
    const uint8_t *tail = debug_block_tail(block, &size);
    if ((damage->kinds & DAMAGE_BEFORE) != 0) {
        note_change(damage, block->base, (size_t)(block->user - block->base), FILL_GAP);
    } else if ((damage->kinds & DAMAGE_AFTER) != 0) {
        note_change(damage, tail, size, FILL_GAP);
    } else {
        note_change(damage, block->user, block->size, FILL_FREED);
    }
}

bool damage_find(const struct debug_block *block, struct damage *damage)
{
    bounds_pause();
    uint32_t kinds = debug_block_damage(block);
    if (UNLIKELY(kinds != 0)) {
        *damage = (struct damage){.kinds = kinds, .end = block->base + block->capacity};
        note_changes(block, damage);
    }
    bounds_resume();
    return kinds != 0;
}

// ---- Report -----------------------------------------------------------------------------------

#define BEFORE_TEXT                                                                                \
    "HEAP CORRUPTION DETECTED: before %hs block (#%d) at 0x%p.\n"                                  \
    "CRT detected that the application wrote to memory before start of heap buffer.\n"
#define AFTER_TEXT                                                                                 \
    "HEAP CORRUPTION DETECTED: after %hs block (#%d) at 0x%p.\n"                                   \
    "CRT detected that the application wrote to memory after end of heap buffer.\n"
#define FREED_TEXT                                                                                 \
    "HEAP CORRUPTION DETECTED: on top of Free block at 0x%p.\n"                                    \
    "CRT detected that the application wrote to a heap buffer that was freed.\n"
#define ALLOCATED_AT_TEXT "\nMemory allocated at %hs(%d).\n"

#define REPORT_AND_BREAK(...)                                                                      \
    do {                                                                                           \
        if (report(__VA_ARGS__) == 1) {                                                            \
            debug_break();                                                                         \
        }                                                                                          \
    } while (0)

static void report_gap(const struct debug_facts *block, enum report_type type, bool is_before)
{
    const char *word = debug_type_word(block->use);
    const char *file = debug_file_of(block->origin);
    int number = (int)block->number;
    if (file == NULL) {
        REPORT_AND_BREAK(type, is_before ? BEFORE_TEXT : AFTER_TEXT, word, number, block->user);
        return;
    }
    REPORT_AND_BREAK(type, is_before ? BEFORE_TEXT ALLOCATED_AT_TEXT : AFTER_TEXT ALLOCATED_AT_TEXT,
        word, number, block->user, file, block->origin->line);
}

static void report_freed(const struct debug_facts *block, enum report_type type)
{
    const char *file = debug_file_of(block->origin);
    if (file == NULL) {
        REPORT_AND_BREAK(type, FREED_TEXT, block->user);
        return;
    }
    REPORT_AND_BREAK(type, FREED_TEXT ALLOCATED_AT_TEXT, block->user, file, block->origin->line);
}

// ---- Details ----------------------------------------------------------------------------------

static bool wants_details(void)
{
    const char *value = engine_option("crt_details");
    return value != NULL && value[0] == '1';
}

static void say_bytes(
    const struct damage *damage, const struct debug_facts *block, enum report_type type)
{
    char found[3 * sizeof(damage->bytes) + 1];
    static const char DIGITS[] = "0123456789ABCDEF";
    size_t length = 0;
    for (size_t i = 0; i < damage->byte_count; i++) {
        found[length++] = DIGITS[damage->bytes[i] >> 4];
        found[length++] = DIGITS[damage->bytes[i] & 15];
        found[length++] = ' ';
    }
    found[length] = '\0';
    REPORT_AND_BREAK(type, "%Id bytes changed from offset %Id of %Iu on: %02X expected, found %s\n",
        damage->changed_count, damage->changed - block->user, block->size, damage->expected, found);
}

static void say_neighbour(const char *where, const uint8_t *address, enum report_type type)
{
    struct debug_block block;
    if (!debug_block_find_around(address, &block) || !debug_block_is_valid(&block)) {
        return;
    }
    struct debug_facts facts;
    debug_block_facts(&block, &facts);
    const char *file = debug_file_of(facts.origin);
    REPORT_AND_BREAK(type, "%hs it: {%ld} %hs block at 0x%p, %Iu bytes long, %hs(%d)\n", where,
        (long)facts.number, debug_type_word(facts.use), facts.user, facts.size,
        file == NULL ? "unknown file" : file, facts.origin->line);
}

static void say_freer(const struct debug_facts *block, enum report_type type)
{
    if (block->freed_by != NULL) {
        REPORT_AND_BREAK(type, "Freed by\n");
        stacks_report_address(block->freed_by, type);
    }
}

// Below the classic lines, so that what reads those is not disturbed.
static COLD void say_details(
    const struct damage *damage, const struct debug_facts *block, enum report_type type)
{
    say_bytes(damage, block, type);
    if (block->thread_id == os_thread_id()) {
        REPORT_AND_BREAK(type, "Allocated by this thread.\n");
    } else {
        REPORT_AND_BREAK(type, "Allocated by thread %u.\n", block->thread_id);
    }
    stacks_report(block->stack, type);
    say_freer(block, type);
    say_neighbour("Below", block->user - block->front - 1, type);
    say_neighbour("Above", damage->end, type);
}

void damage_report(
    const struct damage *damage, const struct debug_facts *block, enum report_type type)
{
    if ((damage->kinds & DAMAGE_BEFORE) != 0) {
        report_gap(block, type, true);
    }
    if ((damage->kinds & DAMAGE_AFTER) != 0) {
        report_gap(block, type, false);
    }
    if ((damage->kinds & DAMAGE_FREED) != 0) {
        report_freed(block, type);
    }
    if (wants_details() || block->stack != 0) {
        say_details(damage, block, type);
    }
}

static void say_size(const struct debug_facts *block)
{
    const char *word = debug_type_word(block->use);
    const char *file = debug_file_of(block->origin);
    if (file == NULL) {
        REPORT_AND_BREAK(REPORT_WARN, "%hs located at 0x%p is %Iu bytes long.\n", word, block->user,
            block->size);
        return;
    }
    REPORT_AND_BREAK(REPORT_WARN,
        "%hs located at 0x%p is %Iu bytes long.\n"
        "\nMemory allocated at %hs(%d).\n",
        word, block->user, block->size, file, block->origin->line);
}

void damage_report_whole(const struct damage *damage, const struct debug_facts *block)
{
    damage_report(damage, block, REPORT_WARN);
    say_size(block);
}

void damage_report_gaps(const struct debug_block *block, enum report_type type)
{
    struct damage damage;
    if (UNLIKELY(damage_find(block, &damage))) {
        struct debug_facts facts;
        debug_block_facts(block, &facts);
        damage_report(&damage, &facts, type);
    }
}

// ---- Pointers that are no block's ---------------------------------------------------------------

static bool has_stacks(void)
{
    const char *value = engine_option("crt_stacks");
    return value != NULL && value[0] != '0';
}

static void say_block_around(const void *pointer, const struct debug_block *block)
{
    struct debug_facts facts;
    debug_block_facts(block, &facts);
    const char *word = debug_type_word(facts.use);
    if (debug_block_is_valid(block)) {
        REPORT_AND_BREAK(REPORT_WARN,
            "0x%p lies %Id bytes into the %hs block (#%d) at 0x%p, %Iu bytes long.\n", pointer,
            (const uint8_t *)pointer - facts.user, word, (int)facts.number, facts.user, facts.size);
    } else {
        REPORT_AND_BREAK(REPORT_WARN, "0x%p was freed before: %hs block (#%d), %Iu bytes long.\n",
            pointer, word, (int)facts.number, facts.size);
    }
    const char *file = debug_file_of(facts.origin);
    if (file != NULL) {
        REPORT_AND_BREAK(REPORT_WARN, "\nMemory allocated at %hs(%d).\n", file, facts.origin->line);
    }
    if (facts.stack != 0) {
        REPORT_AND_BREAK(REPORT_WARN, "Allocated by\n");
        stacks_report(facts.stack, REPORT_WARN);
    }
    say_freer(&facts, REPORT_WARN);
}

void damage_report_pointer(const void *pointer, const void *caller)
{
    if (!wants_details() && !has_stacks()) {
        return;
    }
    struct debug_block block;
    if (debug_block_find_around(pointer, &block)) {
        say_block_around(pointer, &block);
    } else {
        REPORT_AND_BREAK(REPORT_WARN,
            "0x%p lies in no block: it was freed before, or comes from elsewhere.\n", pointer);
    }
    if (caller != NULL) {
        REPORT_AND_BREAK(REPORT_WARN, "Given by\n");
        stacks_report_caller(caller, REPORT_WARN);
    }
}
