// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Repeatable randomness and the length of a stress test.
 *
 * HALDE_SEED=<n> repeats a run: every stress program prints its seed first.
 * HALDE_STRESS_SECONDS=<s> (a decimal fraction is allowed) sets how long its time-driven part runs.
 */
#ifndef SUPPORT_SEED_H
#define SUPPORT_SEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Reads HALDE_SEED or asks the system, prints "<name>: HALDE_SEED=<seed>" and returns it. */
uint64_t seed_start(const char *name);

/** A pseudo-random sequence; one thread. */
struct random {
    uint64_t state;
};

/** Sequence `index` of a seed: threads of one run get different ones. */
struct random random_make(uint64_t seed, uint64_t index);

uint64_t random_next(struct random *random);

/** 0 ... bound - 1; bound must not be 0. */
size_t random_below(struct random *random, size_t bound);

/** True once in `n` times. */
bool random_once_in(struct random *random, size_t n);

/** Uniform in the logarithm: small values as likely as big ones. 1 <= low <= high. */
size_t random_log(struct random *random, size_t low, size_t high);

/**
 * A request as programs make them: mostly 1 byte to 1 KiB, often up to 64 KiB, seldom 0, few up to
 * 1 MiB, very few above.
 */
size_t random_request(struct random *random);

/** Monotonic milliseconds. */
uint64_t clock_ms(void);

/** HALDE_STRESS_SECONDS, or `usual` when it is not set. */
double stress_seconds(double usual);

/** The end of a time-driven part: now + seconds. */
uint64_t deadline_after(double seconds);

bool deadline_is_over(uint64_t deadline_ms);

#endif
