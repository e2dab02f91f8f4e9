// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The machine: memory and processors.

#include "base/bits.h"
#include "halde-win32/windows.h"
#include "os/os.h"
#include "os/process.h"
#include "win32/last_error.h"

enum {
    ALLOCATION_GRANULARITY = 0x10000, // to which heap handles are aligned
    LOWEST_APPLICATION_ADDRESS = 0x10000,
};

static void read_memory(MEMORYSTATUSEX *status)
{
    struct os_memory_counters counters;
    os_memory_counters_read(&counters);
    uint64_t percent = counters.physical_total / 100;
    uint64_t used = counters.physical_total - counters.physical_available;
    uint64_t address_space = os_user_space_end() - LOWEST_APPLICATION_ADDRESS;
    *status = (MEMORYSTATUSEX){
        .dwLength = sizeof(*status),
        .dwMemoryLoad = percent == 0 ? 0 : (DWORD)size_min(used / percent, 100),
        .ullTotalPhys = counters.physical_total,
        .ullAvailPhys = counters.physical_available,
        .ullTotalPageFile = counters.physical_total + counters.swap_total,
        .ullAvailPageFile = counters.physical_available + counters.swap_available,
        .ullTotalVirtual = address_space,
        .ullAvailVirtual = address_space - size_min(counters.own_address_space, address_space),
        .ullAvailExtendedVirtual = 0,
    };
}

BOOL WINAPI GlobalMemoryStatusEx(LPMEMORYSTATUSEX lpBuffer)
{
    if (lpBuffer == NULL || lpBuffer->dwLength != sizeof(*lpBuffer)) {
        last_error_set(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    read_memory(lpBuffer);
    return TRUE;
}

VOID WINAPI GlobalMemoryStatus(LPMEMORYSTATUS lpBuffer)
{
    // Programs keep these in signed variables.
    const size_t LIMIT = SIZE_MAX / 2;
    MEMORYSTATUSEX status;
    read_memory(&status);
    *lpBuffer = (MEMORYSTATUS){
        .dwLength = sizeof(*lpBuffer),
        .dwMemoryLoad = status.dwMemoryLoad,
        .dwTotalPhys = size_min(status.ullTotalPhys, LIMIT),
        .dwAvailPhys = size_min(status.ullAvailPhys, LIMIT),
        .dwTotalPageFile = size_min(status.ullTotalPageFile, LIMIT),
        .dwAvailPageFile = size_min(status.ullAvailPageFile, LIMIT),
        .dwTotalVirtual = status.ullTotalVirtual,
        .dwAvailVirtual = status.ullAvailVirtual,
    };
}

static WORD architecture(void)
{
#if defined(__x86_64__)
    return PROCESSOR_ARCHITECTURE_AMD64;
#elif defined(__aarch64__)
    return PROCESSOR_ARCHITECTURE_ARM64;
#else
    return PROCESSOR_ARCHITECTURE_UNKNOWN;
#endif
}

static void read_system(SYSTEM_INFO *system)
{
    uint32_t count = os_processor_count();
    *system = (SYSTEM_INFO){
        .wProcessorArchitecture = architecture(),
        .dwPageSize = (DWORD)os_page_size(),
        .lpMinimumApplicationAddress = (void *)(uintptr_t)LOWEST_APPLICATION_ADDRESS,
        .lpMaximumApplicationAddress = (void *)(os_user_space_end() - 1),
        .dwActiveProcessorMask = count >= 64 ? UINTPTR_MAX : ((DWORD_PTR)1 << count) - 1,
        .dwNumberOfProcessors = count,
        .dwAllocationGranularity = ALLOCATION_GRANULARITY,
    };
}

VOID WINAPI GetSystemInfo(LPSYSTEM_INFO lpSystemInfo)
{
    read_system(lpSystemInfo);
}

VOID WINAPI GetNativeSystemInfo(LPSYSTEM_INFO lpSystemInfo)
{
    read_system(lpSystemInfo);
}
