// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "cli/cli.h"
#include "symbols/symbols.h"

static void say_note(void *context, const char *text)
{
    cli_note(context, "%s", text);
}

struct symbols *symbols_open(const struct cli *cli, const struct image *image)
{
    const struct symbols_options options = {
        .is_off = cli_has(cli, "no-symbols"),
        .can_download = cli_has(cli, "debuginfod"),
        .note = say_note,
        .context = (void *)(uintptr_t)cli,
    };
    return symbols_create(image, &options);
}
