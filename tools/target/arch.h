// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What depends on the processor: how its registers lie in what ptrace and core files give.
 */
#ifndef TARGET_ARCH_H
#define TARGET_ARCH_H

#include <elf.h>
#include <stdint.h>
#include <sys/procfs.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

/// The general registers in the order of struct user_regs_struct, and which of them is what.
#if defined(__x86_64__)
enum {
    ARCH_ELF_MACHINE = EM_X86_64,
    ARCH_REGISTER_COUNT = sizeof(struct user_regs_struct) / sizeof(uint64_t),
    ARCH_STACK_POINTER = 19,
    ARCH_THREAD_POINTER = 21, ///< fs_base
};
#elif defined(__aarch64__)
enum {
    ARCH_ELF_MACHINE = EM_AARCH64,
    ARCH_REGISTER_COUNT = 32, ///< x0 to x30 and sp; pc and the flags point to no block
    ARCH_STACK_POINTER = 31,
    ARCH_THREAD_POINTER = -1, ///< in a register set of its own: NT_ARM_TLS
};
#else
#error "target/arch.h does not know this processor's registers"
#endif

/// What ptrace gives as NT_PRSTATUS, and pr_reg of a core file's, begins with this.
struct arch_registers {
    uint64_t values[ARCH_REGISTER_COUNT];
};

/// Register sets with vector registers: the first that a thread has holds all of them.
#if defined(__x86_64__)
#define ARCH_VECTOR_SETS                                                                           \
    {                                                                                              \
        NT_X86_XSTATE, NT_PRFPREG                                                                  \
    }
#else
#define ARCH_VECTOR_SETS                                                                           \
    {                                                                                              \
        NT_ARM_SVE, NT_PRFPREG                                                                     \
    }
#endif
enum {
    ARCH_VECTOR_SIZE_MAX = 16 << 10 ///< bytes of such a set
};

/// Reads the stopped thread's thread pointer, where the registers do not hold it. 0: unknown.
static inline uint64_t arch_thread_pointer(int thread, const struct arch_registers *registers)
{
#if defined(__aarch64__)
    uint64_t pointer = 0;
    struct iovec area = {.iov_base = &pointer, .iov_len = sizeof(pointer)};
    return ptrace(PTRACE_GETREGSET, thread, NT_ARM_TLS, &area) == 0 ? pointer : 0;
#else
    (void)thread;
    return registers->values[ARCH_THREAD_POINTER];
#endif
}

#endif
