// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file sysinfoapi.h
 * Drop-in <sysinfoapi.h>: page size, processors, memory of the machine.
 */
#ifndef HALDE_WIN32_SYSINFOAPI_H
#define HALDE_WIN32_SYSINFOAPI_H

#include "minwindef.h"

#define PROCESSOR_ARCHITECTURE_INTEL 0
#define PROCESSOR_ARCHITECTURE_AMD64 9
#define PROCESSOR_ARCHITECTURE_ARM64 12
#define PROCESSOR_ARCHITECTURE_UNKNOWN 0xFFFF

HALDE_EXTERN_C_BEGIN

typedef struct _SYSTEM_INFO {
    __extension__ union {
        DWORD dwOemId;
        __extension__ struct {
            WORD wProcessorArchitecture;
            WORD wReserved;
        } DUMMYSTRUCTNAME;
    } DUMMYUNIONNAME;
    DWORD dwPageSize; ///< bytes
    LPVOID lpMinimumApplicationAddress;
    LPVOID lpMaximumApplicationAddress;
    DWORD_PTR dwActiveProcessorMask; ///< one bit a processor, at most 64
    DWORD dwNumberOfProcessors;
    DWORD dwProcessorType;
    DWORD dwAllocationGranularity; ///< 64 KiB, to which heap handles are aligned
    WORD wProcessorLevel;
    WORD wProcessorRevision;
} SYSTEM_INFO, *LPSYSTEM_INFO;
HALDE_ASSERT_SIZE(SYSTEM_INFO, 48);

/** Memory of the machine, in bytes. */
typedef struct _MEMORYSTATUSEX {
    DWORD dwLength;     ///< sizeof(MEMORYSTATUSEX), set by the caller
    DWORD dwMemoryLoad; ///< percent of physical memory in use
    DWORDLONG ullTotalPhys;
    DWORDLONG ullAvailPhys;
    DWORDLONG ullTotalPageFile; ///< physical memory and swap
    DWORDLONG ullAvailPageFile;
    DWORDLONG ullTotalVirtual; ///< address space of a process
    DWORDLONG ullAvailVirtual;
    DWORDLONG ullAvailExtendedVirtual; ///< 0
} MEMORYSTATUSEX, *LPMEMORYSTATUSEX;
HALDE_ASSERT_SIZE(MEMORYSTATUSEX, 64);
HALDE_ASSERT_OFFSET(MEMORYSTATUSEX, ullTotalPhys, 8);
HALDE_ASSERT_OFFSET(MEMORYSTATUSEX, ullAvailExtendedVirtual, 56);

/** Describes the machine. Never fails. Source: GetSystemInfo. */
WINBASEAPI VOID WINAPI GetSystemInfo(LPSYSTEM_INFO lpSystemInfo);

/** The same as GetSystemInfo(): there is one architecture only. Source: GetNativeSystemInfo. */
WINBASEAPI VOID WINAPI GetNativeSystemInfo(LPSYSTEM_INFO lpSystemInfo);

/** Reads the machine's memory. FALSE with 87 unless dwLength is set. Source: GlobalMemoryStatusEx.
 */
WINBASEAPI BOOL WINAPI GlobalMemoryStatusEx(LPMEMORYSTATUSEX lpBuffer);

HALDE_EXTERN_C_END

#endif
