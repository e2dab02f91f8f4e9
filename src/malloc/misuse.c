// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A wrong pointer: one sentence, then the end.  Going on would hide the mistake, and whatever the
// pointer was meant to free belongs to somebody else by now.

#include "base/text.h"
#include "malloc/family.h"

#include <stdlib.h>

COLD void misuse_abort(
    const char *function, halde_heap *heap, const void *block, enum halde_status status)
{
    struct halde_damage damage = {.status = status, .block = block};
    if (status == HALDE_BLOCK_DAMAGED || status == HALDE_HEAP_DAMAGED) {
        // Once more, for the wrong byte; another thread may have repaired it meanwhile.
        struct halde_damage details;
        if (halde_heap_validate(heap, block, &details) != HALDE_OK ||
            halde_heap_validate(heap, NULL, &details) != HALDE_OK) {
            damage = details;
        }
    }
    char sentence[512];
    char message[640];
    struct text text;
    engine_describe(heap, &damage, sentence, sizeof(sentence));
    text_init(&text, message, sizeof(message));
    text_put(&text, function);
    text_put(&text, ": ");
    text_put(&text, sentence);
    engine_message(message);
    abort();
}
