// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Reports: what _CrtDbgReport() does, for the rest of the debug heap.
 *
 * A report may be made wherever the program allocates: it takes no memory from a heap, uses no
 * stdio, keeps `errno`, and writes with a single system call.  It calls the program's hooks, which
 * may allocate, report, and leave by longjmp() or an exception: no lock is held meanwhile, and
 * nothing that the caller holds may be needed by other threads for ever.
 *
 * Texts and their order: the specification of the debug heap, sections 16 and 21.
 */
#ifndef CRTDBG_REPORT_H
#define CRTDBG_REPORT_H

#include <stdarg.h>
#include <wchar.h>

#include "base/compiler.h"

/// Values as _CRT_WARN, _CRT_ERROR, _CRT_ASSERT of <crtdbg.h>.
enum report_type {
    REPORT_WARN = 0,
    REPORT_ERROR = 1,
    REPORT_ASSERT = 2,
    REPORT_TYPE_COUNT = 3
};

/// Who reports: file NULL means unknown, line 0 too.
struct report_place {
    const char *file;
    int line;
};

/// A report without place, by a Microsoft format (%hs, %Iu, %p without 0x). As _CrtDbgReport().
int report(enum report_type type, const char *format, ...);
/// The same with a place in front: "file(line) : ".
int report_at(enum report_type type, struct report_place place, const char *format, ...);
/// All of them end here.
int report_list(enum report_type type, struct report_place place, const char *format, va_list args);

/// Reports a failed assertion of the library, by its text; breaks into the debugger when that is
/// the answer, and returns otherwise.  `file` is the library's own.
void report_assertion(const char *expression, const char *file, int line);

/// An assertion of the library about the program's behaviour: in every build, reported by `text`.
#define REPORT_ASSERT_TEXT(condition, text)                                                        \
    do {                                                                                           \
        if (UNLIKELY(!(condition))) {                                                              \
            report_assertion((text), __FILE_NAME__, __LINE__);                                     \
        }                                                                                          \
    } while (0)

/// Stops in the debugger: SIGTRAP, unless HALDE_OPTIONS=crt_break=continue.
void debug_break(void);

/// Writes what the program has printed to a stream that is the target of reports of this type, so
/// that both come in order. For the entries of the API only, never within an allocation.
void report_flush_stream(enum report_type type);

#endif
