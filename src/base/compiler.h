// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Compiler and CPU: the attributes and build switches that the rest of the library uses.
 *
 * Only this header and src/os/ may ask what the compiler, the CPU or the system is.  Build switches
 * are always 0 or 1 and are tested with `if (CONFIG_X)`, so that both arms compile.
 */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef CONFIG_DEBUG
#define CONFIG_DEBUG 0 ///< 1: ASSERT checks, structures are validated often
#endif
#ifndef CONFIG_FAULT_INJECTION
#define CONFIG_FAULT_INJECTION 0 ///< 1: tests can make the n-th system call fail
#endif
#ifndef CONFIG_TSAN
#define CONFIG_TSAN                                                                                \
    0 ///< 1: built with ThreadSanitizer: state bytes are read atomically, small reservation
#endif
#ifndef CONFIG_ASAN
#define CONFIG_ASAN 0 ///< 1: built with AddressSanitizer: small reservation
#endif

#ifndef CONFIG_UNGUARDED
/// 1, for measurement only: the fast paths neither enter the gate, nor note states and exact sizes,
/// nor prove that a block is busy. Programs run; walks, locks, sizes and user info are wrong.
#define CONFIG_UNGUARDED 0
#endif

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#define COLD __attribute__((cold, noinline))
/// For what every process runs at its start, in folders of which most run nothing else: it lies
/// beside the constructors, so that the rest need not come into memory.
#define AT_START __attribute__((section(".text.startup")))
#define HIDDEN __attribute__((visibility("hidden")))
#define PRINTF_LIKE(format, first) __attribute__((format(printf, format, first)))

/// The return address of the function it stands in.
#define CALLER __builtin_return_address(0)

/// Thread-local storage that is reached without a call, from a shared library too.
#define THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))

/// Tells the reader which lock guards a field; clang cannot check C struct members.
#define GUARDED_BY(lock)

/// Keeps the compiler, but not the CPU, from moving memory accesses across this point.
#define COMPILER_BARRIER() atomic_signal_fence(memory_order_seq_cst)

/// Plain fields that a thread may read while another writes them: whatever value it gets, it
/// proves.
#define RELAXED_LOAD(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define RELAXED_STORE(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)

#if defined(__x86_64__)
#define CPU_PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define CPU_PAUSE() __asm__ volatile("yield")
#else
#define CPU_PAUSE() COMPILER_BARRIER()
#endif

#endif
