// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "fault_page.h"

#include "check.h"

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void *fault_page(void)
{
    void *page = mmap(NULL, page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_TRUE(page != MAP_FAILED);
    return page;
}

void *unmapped_page(void)
{
    // The middle of three: neighbours that stay keep the hole from being the system's next choice.
    char *pages = mmap(NULL, 3 * page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_TRUE(pages != MAP_FAILED);
    munmap(pages + page_size(), page_size());
    return pages + page_size();
}

void *bytes_before_fault(size_t size)
{
    size_t room = (size + page_size() - 1) / page_size() * page_size();
    char *pages =
        mmap(NULL, room + page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_TRUE(pages != MAP_FAILED);
    mprotect(pages + room, page_size(), PROT_NONE);
    return pages + room - size;
}

static sigjmp_buf fault_return;

static void on_fault(int signal)
{
    (void)signal;
    siglongjmp(fault_return, 1);
}

static bool access_faults(volatile unsigned char *address, bool writes)
{
    struct sigaction action = {.sa_handler = on_fault};
    struct sigaction old_segv;
    struct sigaction old_bus;
    sigaction(SIGSEGV, &action, &old_segv);
    sigaction(SIGBUS, &action, &old_bus);
    volatile bool faulted = false;
    if (sigsetjmp(fault_return, 1) == 0) {
        unsigned char byte = *address;
        if (writes) {
            *address = byte;
        }
    } else {
        faulted = true;
    }
    sigaction(SIGSEGV, &old_segv, NULL);
    sigaction(SIGBUS, &old_bus, NULL);
    return faulted;
}

bool read_faults(const void *address)
{
    return access_faults((volatile unsigned char *)(uintptr_t)address, false);
}

bool write_faults(void *address)
{
    return access_faults((volatile unsigned char *)address, true);
}
