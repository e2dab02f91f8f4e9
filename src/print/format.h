// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The formatter behind the printf family: Microsoft's conversions, for narrow and wide formats.
 *
 * include/halde-win32/halde_stdio.h describes what it prints.  One formatter serves both widths:
 * the format is read through an accessor, the output goes to a sink that knows its own unit.
 */
#ifndef PRINT_FORMAT_H
#define PRINT_FORMAT_H

#include <stdarg.h>
#include <wchar.h>

#include "base/compiler.h"
#include "print/sink.h"

/// A format string: exactly one pointer is not NULL.
struct format {
    const char *narrow;
    const wchar_t *wide;
};

/**
 * Formats into `sink`, which the caller initialises and finishes; its is_wide agrees with the
 * format. Any error ends up in sink->error.
 * @param is_checked  a bad format is an error, as for the functions ending in _s
 */
void halde_tprintf_format(struct sink *sink, struct format format, bool is_checked, va_list args);

#endif
