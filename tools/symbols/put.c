// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Stacks in JSON: the same keys in all documents.

#include "cli/cli.h"
#include "symbols/symbols.h"

static void put_frame(struct json *json, const struct symbol_frame *frame)
{
    json_open_object(json);
    json_put_address(json, "address", frame->address);
    json_put_text(json, "function", frame->function);
    json_put_text(json, "file", frame->file);
    json_put_text(json, "short_file", frame->short_file);
    json_put_signed(json, "line", frame->line);
    json_put_text(json, "module", frame->module);
    json_put_address(json, "module_offset", frame->offset);
    json_put_flag(json, "is_inlined", frame->is_inlined);
    json_close_object(json);
}

void symbols_put_stack(
    struct json *json, const struct symbol_stack *stack, size_t first, size_t end)
{
    json_key(json, "stack");
    json_open_array(json);
    for (size_t i = first; i < end && i < stack->count; i++) {
        put_frame(json, stack->frames[i]);
    }
    json_close_array(json);
}
