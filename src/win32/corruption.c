// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "win32/corruption.h"

#include "base/compiler.h"
#include "win32/flags.h"

#include <stdlib.h>
#include <string.h>

static _Atomic(bool) is_terminating; // set once by any thread; relaxed, it guards nothing

void corruption_enable_termination(void)
{
    atomic_store_explicit(&is_terminating, true, memory_order_relaxed);
}

static bool is_termination_enabled(void)
{
    if (atomic_load_explicit(&is_terminating, memory_order_relaxed)) {
        return true;
    }
    const char *option = engine_option("terminate_on_corruption");
    return option != NULL && strcmp(option, "1") == 0;
}

static void say(HANDLE heap, const struct halde_damage *damage)
{
    char text[512];
    engine_describe(heap, damage, text, sizeof(text));
    engine_message(text);
}

COLD void corruption_found(HANDLE heap, const void *block, enum halde_status status)
{
    struct halde_damage damage = {.status = status, .block = block};
    if (status == HALDE_BLOCK_DAMAGED || status == HALDE_HEAP_DAMAGED) {
        // Once more, for the wrong byte; another thread may have repaired it meanwhile.
        struct halde_damage details;
        if (halde_heap_validate(heap, block, &details) != HALDE_OK ||
            halde_heap_validate(heap, NULL, &details) != HALDE_OK) {
            damage = details; // with validate-all it may be another block
        }
    }
    say(heap, &damage);
    if (is_termination_enabled()) {
        abort();
    }
}

COLD void corruption_note(HANDLE heap, const struct halde_damage *damage)
{
    if (flags_of_global(flags_global()) != 0) {
        say(heap, damage);
    }
}
