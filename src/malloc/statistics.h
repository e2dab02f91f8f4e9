// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What programs ask about malloc's memory, and what HALDE_OPTIONS makes the library say at start
 * and end.  Figures are exact: each heap is stopped while it is counted.
 */
#ifndef MALLOC_STATISTICS_H
#define MALLOC_STATISTICS_H

#include "base/compiler.h"

#include <malloc.h>
#include <stdio.h>

/// Gives free memory back to the system. Returns whether less is resident now.
bool statistics_trim(void);
/// mallinfo2().
void statistics_count(struct mallinfo2 *info);
/// malloc_info(): every heap as XML.
void statistics_write_xml(FILE *stream);
/// malloc_stats(): every heap as text on stderr.
void statistics_write_text(void);

/// verbose=1: one line on stderr. stats=1 or json: keeps stderr for the end.
void statistics_at_start(void);
/// stats=1 or json: every heap on what was stderr at the start.
void statistics_at_end(void);

/// The malloc that the process uses, as seen from here: maybe another object's.
void *(*statistics_malloc(void))(size_t size);
/// free(), of the same.
void statistics_free(void *block);

#endif
