// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "base/bits.h"
#include "os/fault.h"
#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

AT_START size_t os_page_size(void)
{
    static _Atomic(size_t) cached;
    size_t size = atomic_load_explicit(&cached, memory_order_relaxed);
    if (size == 0) {
        size = getauxval(AT_PAGESZ); // sysconf() would bring more of libc into memory
        atomic_store_explicit(&cached, size, memory_order_relaxed);
    }
    return size;
}

static void *map(void *address, size_t size, int protection, int extra_flags)
{
    if (os_fault(OS_CALL_MMAP)) {
        return NULL;
    }
    int saved_errno = errno;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | extra_flags;
    void *result = mmap(address, size, protection, flags, -1, 0);
    errno = saved_errno;
    return result == MAP_FAILED ? NULL : result;
}

// Whether a range goes into core files.  What is only reserved must not: there may be hundreds of
// gigabytes of it, and gdb writes out whatever it is not told to leave.  A refusal is harmless.
static void set_dumped(void *address, size_t size, bool is_dumped)
{
    int saved_errno = errno;
    madvise(address, size, is_dumped ? MADV_DODUMP : MADV_DONTDUMP);
    errno = saved_errno;
}

AT_START void *os_reserve(size_t size)
{
    void *result = map(NULL, size, PROT_NONE, 0);
    if (result != NULL) {
        set_dumped(result, size, false);
    }
    return result;
}

void os_unreserve(void *address, size_t size)
{
    int saved_errno = errno;
    munmap(address, size);
    errno = saved_errno;
}

static int protect(void *address, size_t size, int protection)
{
    if (os_fault(OS_CALL_MPROTECT)) {
        return ENOMEM;
    }
    int saved_errno = errno;
    int error = mprotect(address, size, protection) == 0 ? 0 : errno;
    errno = saved_errno;
    return error;
}

AT_START int os_commit(void *address, size_t size, bool is_executable)
{
    int error = protect(address, size, PROT_READ | PROT_WRITE | (is_executable ? PROT_EXEC : 0));
    if (error == 0) {
        set_dumped(address, size, true);
    }
    return error;
}

int os_uncommit_exec(void *address, size_t size)
{
    return protect(address, size, PROT_READ | PROT_WRITE);
}

void os_set_read_only(void *address, size_t size)
{
    protect(address, size, PROT_READ);
}

int os_purge(void *address, size_t size)
{
    if (os_fault(OS_CALL_MADVISE)) {
        return ENOMEM;
    }
    int saved_errno = errno;
    int error = madvise(address, size, MADV_DONTNEED) == 0 ? 0 : errno;
    errno = saved_errno;
    return error;
}

int os_move_pages(void *from, void *to, size_t size)
{
    if (os_fault(OS_CALL_MMAP)) {
        return ENOMEM;
    }
    int saved_errno = errno;
    void *moved = mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to);
    int error = moved == to ? 0 : errno;
    errno = saved_errno;
    return error;
}

AT_START void os_refuse_huge_pages(void *address, size_t size)
{
    int saved_errno = errno;
    madvise(address, size, MADV_NOHUGEPAGE);
    errno = saved_errno;
}

void os_want_huge_pages(void *address, size_t size)
{
    int saved_errno = errno;
    madvise(address, size, MADV_HUGEPAGE);
    errno = saved_errno;
}

size_t os_resident_bytes(void *address, size_t size)
{
    enum {
        BATCH_COUNT = 4096 // pages asked for at once
    };
    unsigned char pages[BATCH_COUNT];
    int saved_errno = errno;
    size_t page_size = os_page_size();
    size_t resident_count = 0;
    size_t page_count = size / page_size;
    for (size_t i = 0; i < page_count; i += BATCH_COUNT) {
        size_t count = size_min(page_count - i, BATCH_COUNT);
        if (mincore((char *)address + i * page_size, count * page_size, pages) != 0) {
            break;
        }
        for (size_t j = 0; j < count; j++) {
            resident_count += pages[j] & 1u;
        }
    }
    errno = saved_errno;
    return resident_count * page_size;
}

AT_START size_t os_address_space_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return SIZE_MAX;
    }
    return (size_t)limit.rlim_cur;
}

static bool is_byte_readable(uintptr_t address)
{
    char byte;
    return os_copy_memory(&byte, (const void *)address, 1) == 1;
}

bool os_is_readable(const void *address, size_t size)
{
    if (size == 0) {
        return true;
    }
    uintptr_t first = (uintptr_t)address;
    uintptr_t last;
    if (__builtin_add_overflow(first, size - 1, &last)) {
        return false;
    }
    int saved_errno = errno;
    bool is_readable = is_byte_readable(first);
    uintptr_t page_size = os_page_size();
    for (uintptr_t page = (first & ~(page_size - 1)) + page_size;
         is_readable && page <= last && page != 0; page += page_size) {
        is_readable = is_byte_readable(page);
    }
    errno = saved_errno;
    return is_readable;
}
