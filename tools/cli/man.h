// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Manual pages in mdoc, made of the verbs' tables.
 */
#ifndef CLI_MAN_H
#define CLI_MAN_H

#include "cli/cli.h"

/// halde-VERB(1), or halde(1) without a verb.
void man_print(FILE *stream, const struct verb *verb);

#endif
