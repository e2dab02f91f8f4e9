// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/damage.h"

#include "base/bits.h"
#include "crtdbg/bounds.h"
#include "crtdbg/debug_state.h"
#include "crtdbg/origins.h"
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

const char *debug_file_of(const struct record *record)
{
    const struct origin *origin = origin_of_number(record_origin(record));
    if (origin->copy != NULL || origin->file == NULL) {
        return origin->copy;
    }
    return is_text(origin->file) ? origin->file : NULL;
}

int32_t debug_line_of(const struct record *record)
{
    return origin_of_number(record_origin(record))->line;
}

const char *debug_type_word(int use)
{
    static const char *const WORDS[_MAX_BLOCKS] = {"Free", "Normal", "CRT", "Ignore", "Client"};
    return debug_type_is_valid(use) ? WORDS[_BLOCK_TYPE(use)] : "DAMAGED";
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
        note_change(damage, block->base, record_front(block->record), FILL_GAP);
    } else if ((damage->kinds & DAMAGE_AFTER) != 0) {
        note_change(damage, tail, size, FILL_GAP);
    } else {
        note_change(damage, block->user, record_size(block->record), FILL_FREED);
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

static void report_gap(
    const void *user, const struct record *record, enum report_type type, bool is_before)
{
    const char *word = debug_type_word(record->use);
    const char *file = debug_file_of(record);
    int number = (int)record_number(record);
    if (file == NULL) {
        REPORT_AND_BREAK(type, is_before ? BEFORE_TEXT : AFTER_TEXT, word, number, user);
        return;
    }
    REPORT_AND_BREAK(type, is_before ? BEFORE_TEXT ALLOCATED_AT_TEXT : AFTER_TEXT ALLOCATED_AT_TEXT,
        word, number, user, file, debug_line_of(record));
}

static void report_freed(const void *user, const struct record *record, enum report_type type)
{
    const char *file = debug_file_of(record);
    if (file == NULL) {
        REPORT_AND_BREAK(type, FREED_TEXT, user);
        return;
    }
    REPORT_AND_BREAK(type, FREED_TEXT ALLOCATED_AT_TEXT, user, file, debug_line_of(record));
}

// ---- Details ----------------------------------------------------------------------------------

static bool wants_details(void)
{
    const char *value = engine_option("crt_details");
    return value != NULL && value[0] == '1';
}

static void say_bytes(const struct damage *damage, const struct record *record, const uint8_t *user,
    enum report_type type)
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
        damage->changed_count, damage->changed - user, record_size(record), damage->expected,
        found);
}

static void say_neighbour(const char *where, const uint8_t *address, enum report_type type)
{
    struct debug_block block;
    if (!debug_block_find_around(address, &block) || !debug_block_is_valid(&block)) {
        return;
    }
    const struct record *record = block.record;
    const char *file = debug_file_of(record);
    REPORT_AND_BREAK(type, "%hs it: {%ld} %hs block at 0x%p, %Iu bytes long, %hs(%d)\n", where,
        (long)record_number(record), debug_type_word(record->use), block.user, record_size(record),
        file == NULL ? "unknown file" : file, debug_line_of(record));
}

// Below the classic lines, so that what reads those is not disturbed.
static COLD void say_details(const struct damage *damage, const uint8_t *user,
    const struct record *record, enum report_type type)
{
    say_bytes(damage, record, user, type);
    if (record_thread(record) == os_thread_id()) {
        REPORT_AND_BREAK(type, "Allocated by this thread.\n");
    } else {
        REPORT_AND_BREAK(type, "Allocated by thread %u.\n", record_thread(record));
    }
    stacks_report(record->stack, type);
    const uint8_t *base = user - record_front(record);
    say_neighbour("Below", base - 1, type);
    say_neighbour("Above", damage->end, type);
}

void damage_report(const struct damage *damage, const void *user, const struct record *record,
    enum report_type type)
{
    if ((damage->kinds & DAMAGE_BEFORE) != 0) {
        report_gap(user, record, type, true);
    }
    if ((damage->kinds & DAMAGE_AFTER) != 0) {
        report_gap(user, record, type, false);
    }
    if ((damage->kinds & DAMAGE_FREED) != 0) {
        report_freed(user, record, type);
    }
    if (wants_details() || record->stack != 0) {
        say_details(damage, user, record, type);
    }
}

static void say_size(const void *user, const struct record *record)
{
    const char *word = debug_type_word(record->use);
    const char *file = debug_file_of(record);
    if (file == NULL) {
        REPORT_AND_BREAK(REPORT_WARN, "%hs located at 0x%p is %Iu bytes long.\n", word, user,
            record_size(record));
        return;
    }
    REPORT_AND_BREAK(REPORT_WARN,
        "%hs located at 0x%p is %Iu bytes long.\n"
        "\nMemory allocated at %hs(%d).\n",
        word, user, record_size(record), file, debug_line_of(record));
}

void damage_report_whole(const struct damage *damage, const void *user, const struct record *record)
{
    damage_report(damage, user, record, REPORT_WARN);
    say_size(user, record);
}

void damage_report_gaps(const struct debug_block *block, enum report_type type)
{
    struct damage damage;
    if (UNLIKELY(damage_find(block, &damage))) {
        struct record record;
        memcpy(&record, block->record, sizeof(record));
        damage_report(&damage, block->user, &record, type);
    }
}
