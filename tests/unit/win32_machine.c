// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The machine's memory, processors and ids.

#include "check.h"

#include "os/process.h"

#include <sys/sysinfo.h>
#include <unistd.h>
#include <windows.h>

static void test_memory(void)
{
    struct sysinfo system;
    ASSERT_SIZE((uint64_t)sysinfo(&system), 0);
    const uint64_t physical = (uint64_t)system.totalram * system.mem_unit;
    MEMORYSTATUSEX status = {.dwLength = sizeof(status)};
    ASSERT_TRUE(GlobalMemoryStatusEx(&status));
    EXPECT_SIZE(status.dwLength, sizeof(status));
    EXPECT_SIZE(status.ullTotalPhys, physical);
    EXPECT_AT_LEAST(status.ullAvailPhys, 1);
    EXPECT_AT_MOST(status.ullAvailPhys, physical);
    EXPECT_AT_MOST(status.dwMemoryLoad, 100);
    EXPECT_AT_LEAST(status.ullTotalPageFile, physical);
    EXPECT_AT_MOST(status.ullAvailPageFile, status.ullTotalPageFile);
    EXPECT_AT_MOST(status.ullAvailVirtual, status.ullTotalVirtual - 1);
    EXPECT_SIZE(status.ullAvailExtendedVirtual, 0);
    uint64_t used = status.ullTotalPhys - status.ullAvailPhys;
    EXPECT_SIZE(status.dwMemoryLoad, used / (physical / 100));

    MEMORYSTATUS old = {.dwLength = 0};
    GlobalMemoryStatus(&old);
    EXPECT_SIZE(old.dwLength, sizeof(old));
    EXPECT_SIZE(old.dwTotalPhys, physical);
    EXPECT_SIZE(old.dwTotalPageFile, status.ullTotalPageFile);
    EXPECT_SIZE(old.dwTotalVirtual, status.ullTotalVirtual);
}

static void test_system(void)
{
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    EXPECT_SIZE(info.dwPageSize, (uint64_t)sysconf(_SC_PAGESIZE));
    EXPECT_SIZE(info.dwNumberOfProcessors, (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
    EXPECT_SIZE(info.dwAllocationGranularity, 0x10000);
    EXPECT_TRUE(info.dwActiveProcessorMask != 0);
    int local;
    EXPECT_TRUE((char *)&local > (char *)info.lpMinimumApplicationAddress);
    EXPECT_TRUE((char *)&local < (char *)info.lpMaximumApplicationAddress);
}

static void test_ids(void)
{
    EXPECT_SIZE(GetCurrentProcessId(), (uint64_t)getpid());
    EXPECT_SIZE(GetCurrentThreadId(), (uint64_t)gettid());
    EXPECT_POINTER(GetCurrentProcess(), (HANDLE)(LONG_PTR)-1);
    EXPECT_TRUE(os_process_exists((uint32_t)getpid()));
    EXPECT_TRUE(os_process_exists(1));
    EXPECT_FALSE(os_process_exists(0));
    EXPECT_FALSE(os_process_exists(0xFFFFFFFF));
    EXPECT_FALSE(os_process_exists(0x7FFFFFF0));
}

int main(void)
{
    test_memory();
    test_system();
    test_ids();
    return test_result();
}
