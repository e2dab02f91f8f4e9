// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** What a test asks about its own process. */
#ifndef SUPPORT_PROCESS_H
#define SUPPORT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/** Resident bytes. */
size_t process_resident_size(void);

/** Bytes of address space. */
size_t process_address_size(void);

/** Number of mappings. */
size_t process_mapping_count(void);

/** Whether memory figures mean anything: sanitizers and valgrind keep shadows. */
bool process_memory_is_plain(void);

bool process_is_under_valgrind(void);

/** Built with ThreadSanitizer. */
bool process_has_thread_sanitizer(void);

/**
 * Whether a forked child of a threaded process may start threads: not with ThreadSanitizer, which
 * does not support it, nor with AddressSanitizer, whose allocator may have been locked at the fork.
 */
bool process_can_start_threads_after_fork(void);

/** 1 on an ordinary run; how many times longer a test may take under sanitizers and valgrind. */
double process_slowness(void);

/** `count` on an ordinary run, a fraction of it (at least 1) where everything is slow. */
size_t process_scaled(size_t count);

#endif
