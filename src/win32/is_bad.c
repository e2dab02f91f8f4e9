// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Pointer tests. The kernel is asked; nothing is dereferenced and no signal is caught.

#include "base/bits.h"
#include "halde-win32/windows.h"
#include "os/os.h"
#include "os/process.h"

#include <string.h>

static BOOL is_bad_for_reading(const void *address, size_t size)
{
    return !os_is_readable(address, size);
}

static BOOL is_bad_for_writing(const void *address, size_t size)
{
    return !os_is_writable(address, size);
}

BOOL WINAPI IsBadReadPtr(CONST VOID *lp, UINT_PTR ucb)
{
    return is_bad_for_reading(lp, ucb);
}

BOOL WINAPI IsBadHugeReadPtr(CONST VOID *lp, UINT_PTR ucb)
{
    return is_bad_for_reading(lp, ucb);
}

BOOL WINAPI IsBadWritePtr(LPVOID lp, UINT_PTR ucb)
{
    return is_bad_for_writing(lp, ucb);
}

BOOL WINAPI IsBadHugeWritePtr(LPVOID lp, UINT_PTR ucb)
{
    return is_bad_for_writing(lp, ucb);
}

BOOL WINAPI IsBadCodePtr(FARPROC lpfn)
{
    return is_bad_for_reading((const void *)(uintptr_t)lpfn, 1);
}

static bool has_terminator(const char *bytes, size_t size, size_t character_size)
{
    static const char ZERO[sizeof(WCHAR)];
    for (size_t i = 0; i + character_size <= size; i += character_size) {
        if (memcmp(bytes + i, ZERO, character_size) == 0) {
            return true;
        }
    }
    return false;
}

// Looks for the terminator in copies, piece by piece; a piece is a whole number of characters.
static BOOL is_bad_string(const char *string, size_t size, size_t character_size)
{
    char copy[512];
    if (string == NULL) {
        return TRUE;
    }
    while (size > 0) {
        size_t piece = size_min(size, sizeof(copy));
        size_t copied = os_copy_memory(copy, string, piece);
        if (has_terminator(copy, copied, character_size)) {
            return FALSE;
        }
        if (copied < piece) {
            return TRUE;
        }
        string += piece;
        size -= piece;
    }
    return FALSE;
}

BOOL WINAPI IsBadStringPtrA(LPCSTR lpsz, UINT_PTR ucchMax)
{
    return is_bad_string(lpsz, ucchMax, sizeof(CHAR));
}

BOOL WINAPI IsBadStringPtrW(LPCWSTR lpsz, UINT_PTR ucchMax)
{
    size_t count = size_min(ucchMax, SIZE_MAX / sizeof(WCHAR));
    return is_bad_string((const char *)lpsz, count * sizeof(WCHAR), sizeof(WCHAR));
}
