// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/report_mode.h"

#include "crtdbg/api.h"
#include "crtdbg/invalid_parameter.h"
#include "engine/engine.h"
#include "os/console.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define ALL_MODES (_CRTDBG_MODE_FILE | _CRTDBG_MODE_DEBUG | _CRTDBG_MODE_WNDW)
#define BAD_TYPE "nRptType >= 0 && nRptType < _CRT_ERRCNT"
#define BAD_MODE                                                                                   \
    "fMode == _CRTDBG_REPORT_MODE || (fMode & ~(_CRTDBG_MODE_FILE | _CRTDBG_MODE_DEBUG | "         \
    "_CRTDBG_MODE_WNDW)) == 0"

enum {
    NO_DESCRIPTOR = -1
};

// Any thread, relaxed: a setting says nothing about other memory.
static struct {
    _Atomic(int) modes[REPORT_TYPE_COUNT];
    _Atomic(_HFILE) files[REPORT_TYPE_COUNT];
} settings = {
    .modes = {_CRTDBG_MODE_DEBUG, _CRTDBG_MODE_WNDW, _CRTDBG_MODE_WNDW},
    .files = {_CRTDBG_INVALID_HFILE, _CRTDBG_INVALID_HFILE, _CRTDBG_INVALID_HFILE},
};

static bool is_type(int type)
{
    return type >= 0 && type < REPORT_TYPE_COUNT;
}

int report_mode(enum report_type type)
{
    return atomic_load_explicit(&settings.modes[type], memory_order_relaxed);
}

int __cdecl _CrtSetReportMode(int type, int mode)
{
    if (!is_type(type)) {
        INVALID_PARAMETER(BAD_TYPE, EINVAL);
        return -1;
    }
    if (mode == _CRTDBG_REPORT_MODE) {
        return report_mode((enum report_type)type);
    }
    if ((mode & ~ALL_MODES) != 0) {
        INVALID_PARAMETER(BAD_MODE, EINVAL);
        return -1;
    }
    return atomic_exchange_explicit(&settings.modes[type], mode, memory_order_relaxed);
}

// ---- Files ------------------------------------------------------------------------------------

static _HFILE from_descriptor(int descriptor)
{
    return (_HFILE)(intptr_t)descriptor;
}

// The standard streams mean what they are now: a program may have reopened them.
static _HFILE resolve(_HFILE file)
{
    if (file == _CRTDBG_FILE_STDOUT) {
        return from_descriptor(fileno(stdout));
    }
    return file == _CRTDBG_FILE_STDERR ? from_descriptor(fileno(stderr)) : file;
}

_HFILE __cdecl _CrtSetReportFile(int type, _HFILE file)
{
    if (!is_type(type)) {
        INVALID_PARAMETER(BAD_TYPE, EINVAL);
        return _CRTDBG_HFILE_ERROR;
    }
    if (file == _CRTDBG_REPORT_FILE) {
        return atomic_load_explicit(&settings.files[type], memory_order_relaxed);
    }
    return atomic_exchange_explicit(&settings.files[type], resolve(file), memory_order_relaxed);
}

// Whether a value is a descriptor and not a stream's address.
static bool is_descriptor(intptr_t value)
{
    enum {
        LOWEST_ADDRESS = 0x10000 // nothing is mapped below
    };
    return value < LOWEST_ADDRESS ||
           (value <= INT_MAX && !engine_is_readable((const void *)value, sizeof(FILE)));
}

// Small values are descriptors, those near the end constants without a file, others streams.
static int descriptor_of(_HFILE file)
{
    const intptr_t value = (intptr_t)file;
    if (value <= 0 && value >= (intptr_t)_CRTDBG_REPORT_FILE) {
        return NO_DESCRIPTOR;
    }
    const int saved_errno = errno;
    const int descriptor = value > 0 && is_descriptor(value) ? (int)value : fileno((FILE *)file);
    errno = saved_errno;
    return descriptor;
}

// Where reports of a type go with _CRTDBG_MODE_FILE.
static int file_descriptor(enum report_type type)
{
    return descriptor_of(atomic_load_explicit(&settings.files[type], memory_order_relaxed));
}

void report_flush_stream(enum report_type type)
{
    if ((report_mode(type) & _CRTDBG_MODE_FILE) == 0) {
        return;
    }
    const int saved_errno = errno;
    if (file_descriptor(type) == fileno(stdout) && ftrylockfile(stdout) == 0) {
        fflush_unlocked(stdout);
        funlockfile(stdout);
    }
    errno = saved_errno;
}

// ---- Channels ---------------------------------------------------------------------------------

// HALDE_OPTIONS=crt_output: a file's path, "none", or "stderr".
static const char *debugger_output(void)
{
    const char *output = engine_option("crt_output");
    return output != NULL ? output : "stderr";
}

static bool is_debugger_stderr(void)
{
    return strcmp(debugger_output(), "stderr") == 0;
}

void report_write_to_debugger(const char *bytes, size_t size)
{
    if (is_debugger_stderr()) {
        os_write(STDERR_FILENO, bytes, size);
        return;
    }
    if (strcmp(debugger_output(), "none") == 0) {
        return;
    }
    // Opened for each report: a descriptor that is kept may be closed, and reused, by the program.
    const int descriptor = os_open_append(debugger_output());
    if (descriptor >= 0) {
        os_write(descriptor, bytes, size);
        os_close(descriptor);
    }
}

void report_write(enum report_type type, const char *bytes, size_t size)
{
    const int mode = report_mode(type);
    int descriptor = NO_DESCRIPTOR;
    if ((mode & _CRTDBG_MODE_FILE) != 0) {
        descriptor = file_descriptor(type);
    }
    if (descriptor >= 0) {
        os_write(descriptor, bytes, size);
    }
    if ((mode & _CRTDBG_MODE_DEBUG) == 0) {
        return;
    }
    const bool is_written =
        descriptor >= 0 && is_debugger_stderr() && os_is_same_file(descriptor, STDERR_FILENO);
    if (!is_written) {
        report_write_to_debugger(bytes, size);
    }
}
