// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "death.h"

#include <stdio.h>
#include <unistd.h>

void death_fact(const char *name, const void *address)
{
    dprintf(STDOUT_FILENO, "%s %p\n", name, address);
}
