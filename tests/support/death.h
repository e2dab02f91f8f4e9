// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** What programs of tests/death tell run_death.sh: lines "name value" on stdout. */
#ifndef SUPPORT_DEATH_H
#define SUPPORT_DEATH_H

/** An address, written as Halde's messages write addresses. */
void death_fact(const char *name, const void *address);

#endif
