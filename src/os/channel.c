// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "os/channel.h"

#include "os/os.h"

#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

// ---- Memory -----------------------------------------------------------------------------------

// The size of a file that can be mapped; 0: it cannot.
static size_t file_size(int descriptor)
{
    struct stat status;
    bool is_file = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
    return is_file && status.st_size > 0 ? (size_t)status.st_size : 0;
}

void *os_map_shared(int descriptor, size_t *size)
{
    int saved_errno = errno;
    void *result = MAP_FAILED;
    *size = file_size(descriptor);
    if (*size != 0) {
        result =
            mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor, 0);
        close(descriptor);
    }
    errno = saved_errno;
    if (result == MAP_FAILED) {
        return NULL;
    }
    os_refuse_huge_pages(result, *size); // little of it is used, here and there
    return result;
}

bool os_remap_shared(int descriptor, void *address, size_t size)
{
    int saved_errno = errno;
    int flags = MAP_SHARED | MAP_NORESERVE | MAP_FIXED;
    bool is_mapped = file_size(descriptor) == size &&
                     mmap(address, size, PROT_READ | PROT_WRITE, flags, descriptor, 0) == address;
    close(descriptor);
    errno = saved_errno;
    if (is_mapped) {
        os_refuse_huge_pages(address, size);
    }
    return is_mapped;
}

void os_unmap_shared(void *address, size_t size)
{
    os_unreserve(address, size);
}

void *os_page_wiped_on_fork(void)
{
    int saved_errno = errno;
    size_t size = os_page_size();
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED && madvise(page, size, MADV_WIPEONFORK) != 0) {
        munmap(page, size);
        page = MAP_FAILED;
    }
    errno = saved_errno;
    return page == MAP_FAILED ? NULL : page;
}

// ---- Waiting ----------------------------------------------------------------------------------

void os_wait_shared(_Atomic(uint32_t) *word, uint32_t value, uint32_t ms)
{
    int saved_errno = errno;
    const struct timespec time = {
        .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    syscall(SYS_futex, word, FUTEX_WAIT, value, &time, NULL, 0);
    errno = saved_errno;
}

void os_wake_shared(_Atomic(uint32_t) *word)
{
    int saved_errno = errno;
    syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
    errno = saved_errno;
}

// ---- Descriptors ------------------------------------------------------------------------------

static int receive_descriptor(int connection)
{
    char byte;
    struct iovec data = {.iov_base = &byte, .iov_len = 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof(control),
    };
    ssize_t got;
    do {
        got = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    const struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    int descriptor = -1;
    if (header != NULL && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(int))) {
        memcpy(&descriptor, CMSG_DATA(header), sizeof(descriptor));
    }
    return descriptor;
}

static int ask(const char *name, uint32_t word)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = strlen(name);
    if (size + 1 > sizeof(address.sun_path)) {
        return -1;
    }
    memcpy(address.sun_path + 1, name, size);
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0) {
        return -1;
    }
    const struct timeval patience = {.tv_sec = 5};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + size);
    bool is_asked = connect(connection, (const struct sockaddr *)&address, length) == 0 &&
                    send(connection, &word, sizeof(word), MSG_NOSIGNAL) == (ssize_t)sizeof(word);
    int descriptor = is_asked ? receive_descriptor(connection) : -1;
    close(connection);
    return descriptor;
}

int os_ask_for_descriptor(const char *name, uint32_t word)
{
    int saved_errno = errno;
    int descriptor = ask(name, word);
    errno = saved_errno;
    return descriptor;
}

// ---- Names, clock, environment ----------------------------------------------------------------

void os_thread_name(char name[16])
{
    int saved_errno = errno;
    memset(name, 0, 16);
    prctl(PR_GET_NAME, name);
    errno = saved_errno;
}

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t os_clock_tick_ns(void)
{
    return read_clock(CLOCK_MONOTONIC_COARSE);
}

uint64_t os_clock_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

AT_START char **os_environment(void)
{
    extern void *__libc_stack_end __attribute__((weak));
    if (environ != NULL || &__libc_stack_end == NULL || __libc_stack_end == NULL) {
        return environ;
    }
    uintptr_t *stack = __libc_stack_end;
    return (char **)(stack + 1 + stack[0] + 1);
}

void os_end_process(int status)
{
    for (;;) {
        syscall(SYS_exit_group, status);
    }
}
