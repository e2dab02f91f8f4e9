// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Memory that may be unmapped: what is readable, writable, a string. Nothing here may fault.

#include "check.h"
#include "child.h"

#include "fault_page.h"

#include "os/process.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <wchar.h>
#include <windows.h>

static size_t page;

// Pages: [writable][read only][no access][writable]
static char *map_pages(void)
{
    char *pages = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_TRUE(pages != MAP_FAILED);
    mprotect(pages + page, page, PROT_READ);
    mprotect(pages + 2 * page, page, PROT_NONE);
    return pages;
}

static void test_ranges(void)
{
    char *pages = map_pages();
    EXPECT_FALSE(IsBadReadPtr(pages, 2 * page));
    EXPECT_TRUE(IsBadReadPtr(pages, 2 * page + 1));
    EXPECT_FALSE(IsBadReadPtr(pages + 2 * page - 1, 1));
    EXPECT_TRUE(IsBadReadPtr(pages + 2 * page - 1, 2));
    EXPECT_TRUE(IsBadReadPtr(pages + 2 * page, 1));
    EXPECT_TRUE(IsBadReadPtr(pages, 4 * page));
    EXPECT_FALSE(IsBadWritePtr(pages, page));
    EXPECT_TRUE(IsBadWritePtr(pages, page + 1));
    EXPECT_TRUE(IsBadWritePtr(pages + page, 1));
    EXPECT_TRUE(IsBadWritePtr(pages + page - 1, 2));
    EXPECT_FALSE(IsBadWritePtr(pages + 3 * page, page));
    EXPECT_TRUE(IsBadWritePtr(pages, 4 * page));
    EXPECT_TRUE(IsBadReadPtr(pages, SIZE_MAX));
    EXPECT_TRUE(IsBadWritePtr(pages, SIZE_MAX));
    EXPECT_TRUE(IsBadReadPtr((void *)-16, 32));
    EXPECT_TRUE(IsBadWritePtr((void *)-16, 32));
    // Two mappings without a gap between them are one range.
    char *neighbours =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(neighbours, page, PROT_READ | PROT_WRITE | PROT_EXEC);
    EXPECT_FALSE(IsBadWritePtr(neighbours, 2 * page));
    munmap(neighbours, page);
    EXPECT_TRUE(IsBadWritePtr(neighbours, 2 * page));
    EXPECT_TRUE(IsBadWritePtr(neighbours, 1));
    EXPECT_FALSE(IsBadWritePtr(neighbours + page, page));
    munmap(neighbours + page, page);
    munmap(pages, 4 * page);
}

static void test_kinds_of_memory(void)
{
    int local = 0;
    static int zero;
    EXPECT_FALSE(IsBadWritePtr(&local, sizeof(local)));
    EXPECT_FALSE(IsBadWritePtr(&zero, sizeof(zero)));
    EXPECT_TRUE(IsBadWritePtr((void *)(uintptr_t) "constant", 1));
    EXPECT_FALSE(IsBadReadPtr("constant", 9));
    EXPECT_FALSE(IsBadCodePtr((FARPROC)test_kinds_of_memory));
    EXPECT_FALSE(IsBadCodePtr((FARPROC)(uintptr_t)&local));
    EXPECT_TRUE(IsBadCodePtr(NULL));
    EXPECT_TRUE(IsBadCodePtr((FARPROC)(uintptr_t)unmapped_page()));
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = HeapAlloc(heap, 0, 100000);
    EXPECT_FALSE(IsBadWritePtr(block, 100000));
    HeapDestroy(heap);
}

static void test_strings(void)
{
    char *end = (char *)bytes_before_fault(2000) + 2000;
    memset(end - 2000, 'x', 2000);
    EXPECT_TRUE(IsBadStringPtrA(end - 5, 6));
    EXPECT_TRUE(IsBadStringPtrA(end - 5, SIZE_MAX));
    EXPECT_FALSE(IsBadStringPtrA(end - 5, 5));
    EXPECT_FALSE(IsBadStringPtrA(end - 2000, 2000));
    EXPECT_TRUE(IsBadStringPtrA(end - 2000, 2001));
    EXPECT_TRUE(IsBadStringPtrA(end, 1));
    EXPECT_FALSE(IsBadStringPtrA(end, 0));
    EXPECT_TRUE(IsBadStringPtrA(NULL, 0));
    end[-1] = '\0';
    EXPECT_FALSE(IsBadStringPtrA(end - 5, 6));
    EXPECT_FALSE(IsBadStringPtrA(end - 2000, SIZE_MAX));
    EXPECT_FALSE(IsBadStringPtrA(end - 1, SIZE_MAX));
}

static void test_wide_strings(void)
{
    const size_t COUNT = 500;
    wchar_t *end = (wchar_t *)bytes_before_fault(COUNT * sizeof(wchar_t)) + COUNT;
    wmemset(end - COUNT, L'x', COUNT);
    EXPECT_TRUE(IsBadStringPtrW(end - 5, 6));
    EXPECT_FALSE(IsBadStringPtrW(end - 5, 5));
    EXPECT_TRUE(IsBadStringPtrW(end - COUNT, SIZE_MAX));
    EXPECT_TRUE(IsBadStringPtrW(NULL, 0));
    // The bytes of two neighbours are no terminator.
    end[-2] = L'x' << 24;
    end[-1] = L'x';
    EXPECT_TRUE(IsBadStringPtrW(end - 5, 6));
    end[-1] = L'\0';
    EXPECT_FALSE(IsBadStringPtrW(end - 5, 6));
    EXPECT_FALSE(IsBadStringPtrW(end - COUNT, SIZE_MAX));
}

static void test_copy(void)
{
    char *end = (char *)bytes_before_fault(3 * page) + 3 * page;
    static char copy[16384];
    errno = 12345;
    EXPECT_SIZE(os_copy_memory(copy, end - 2 * page - 7, page), page);
    EXPECT_SIZE(os_copy_memory(copy, end - 10, 20), 10);
    EXPECT_SIZE(os_copy_memory(copy, end - page - 10, 2 * page), page + 10);
    EXPECT_SIZE(os_copy_memory(copy, end, 20), 0);
    EXPECT_SIZE(os_copy_memory(copy, NULL, 20), 0);
    EXPECT_SIZE(os_copy_memory(copy, (void *)UINTPTR_MAX, 20), 0);
    EXPECT_FALSE(os_is_writable(end, 1));
    EXPECT_SIZE((uint64_t)errno, 12345);
}

// Some containers forbid process_vm_readv(): the answers must be the same.
static void forbid_vm_readv(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = 4, .filter = filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        test_skip("seccomp filters are not available");
    }
}

static void test_all(void *context)
{
    if (context != NULL) {
        forbid_vm_readv();
    }
    test_ranges();
    test_kinds_of_memory();
    test_strings();
    test_wide_strings();
    test_copy();
}

int main(void)
{
    page = (size_t)sysconf(_SC_PAGESIZE);
    test_all(NULL);
    EXPECT_CHILD_PASSES("without process_vm_readv", test_all, &page, 20);
    return test_result();
}
