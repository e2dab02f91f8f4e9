// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "base/compiler.h"
#include "halde-win32/windows.h"
#include "win32/memory_object.h"

HGLOBAL WINAPI GlobalAlloc(UINT uFlags, SIZE_T dwBytes)
{
    return object_alloc(FAMILY_GLOBAL, uFlags, dwBytes, CALLER);
}

HGLOBAL WINAPI GlobalReAlloc(HGLOBAL hMem, SIZE_T dwBytes, UINT uFlags)
{
    return object_resize(FAMILY_GLOBAL, hMem, dwBytes, uFlags, CALLER);
}

HGLOBAL WINAPI GlobalFree(HGLOBAL hMem)
{
    return object_free(hMem);
}

LPVOID WINAPI GlobalLock(HGLOBAL hMem)
{
    return object_lock(FAMILY_GLOBAL, hMem);
}

BOOL WINAPI GlobalUnlock(HGLOBAL hMem)
{
    return object_unlock(FAMILY_GLOBAL, hMem);
}

SIZE_T WINAPI GlobalSize(HGLOBAL hMem)
{
    return object_size(hMem);
}

UINT WINAPI GlobalFlags(HGLOBAL hMem)
{
    return object_flags(FAMILY_GLOBAL, hMem);
}

HGLOBAL WINAPI GlobalHandle(LPCVOID pMem)
{
    return object_of_data(FAMILY_GLOBAL, pMem);
}

// ---- Obsolete ---------------------------------------------------------------------------------

SIZE_T WINAPI GlobalCompact(DWORD dwMinFree)
{
    (void)dwMinFree;
    return 0;
}

VOID WINAPI GlobalFix(HGLOBAL hMem)
{
    object_lock(FAMILY_GLOBAL, hMem);
}

VOID WINAPI GlobalUnfix(HGLOBAL hMem)
{
    object_unlock(FAMILY_GLOBAL, hMem);
}

LPVOID WINAPI GlobalWire(HGLOBAL hMem)
{
    return object_lock(FAMILY_GLOBAL, hMem);
}

BOOL WINAPI GlobalUnWire(HGLOBAL hMem)
{
    return object_unlock(FAMILY_GLOBAL, hMem);
}
