// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "cli/help.h"

#include "base/layout.h"
#include "snapshot/format.h"

#include "commit.h" // made by cmake/commit.cmake

#include <stdio.h>

const char *cli_commit(void)
{
    return HALDE_COMMIT;
}

void help_version(void)
{
    const char *commit = cli_commit();
    printf("halde " HALDE_VERSION "%s%s (heap layout %d, snapshot format %d.%d)\n",
        *commit ? ", commit " : "", commit, LAYOUT_VERSION, SNAPSHOT_VERSION,
        SNAPSHOT_MINOR_VERSION);
}
