// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "base/compiler.h"
#include "halde-win32/windows.h"
#include "win32/memory_object.h"

HLOCAL WINAPI LocalAlloc(UINT uFlags, SIZE_T uBytes)
{
    return object_alloc(FAMILY_LOCAL, uFlags, uBytes, CALLER);
}

HLOCAL WINAPI LocalReAlloc(HLOCAL hMem, SIZE_T uBytes, UINT uFlags)
{
    return object_resize(FAMILY_LOCAL, hMem, uBytes, uFlags, CALLER);
}

HLOCAL WINAPI LocalFree(HLOCAL hMem)
{
    return object_free(hMem);
}

PVOID WINAPI LocalLock(HLOCAL hMem)
{
    return object_lock(FAMILY_LOCAL, hMem);
}

BOOL WINAPI LocalUnlock(HLOCAL hMem)
{
    return object_unlock(FAMILY_LOCAL, hMem);
}

SIZE_T WINAPI LocalSize(HLOCAL hMem)
{
    return object_size(hMem);
}

UINT WINAPI LocalFlags(HLOCAL hMem)
{
    return object_flags(FAMILY_LOCAL, hMem);
}

HLOCAL WINAPI LocalHandle(LPCVOID pMem)
{
    return object_of_data(FAMILY_LOCAL, pMem);
}

// ---- Obsolete ---------------------------------------------------------------------------------

SIZE_T WINAPI LocalCompact(UINT uMinFree)
{
    (void)uMinFree;
    return 0;
}

SIZE_T WINAPI LocalShrink(HLOCAL hMem, UINT cbNewSize)
{
    (void)hMem;
    (void)cbNewSize;
    return 0;
}
