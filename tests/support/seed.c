// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "seed.h"

#include "check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static uint64_t system_seed(void)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) {
        seed = clock_ms();
    }
    return seed >> 16; // shorter to type
}

uint64_t seed_start(const char *name)
{
    const char *text = getenv("HALDE_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 0) : system_seed();
    test_note("%s: HALDE_SEED=%" PRIu64, name, seed);
    return seed;
}

static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

struct random random_make(uint64_t seed, uint64_t index)
{
    return (struct random){mix(seed + index * UINT64_C(0xd1342543de82ef95)) | 1};
}

// A Weyl sequence through a mixing function: any state is good, and one addition keeps it cheap.
uint64_t random_next(struct random *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(random->state);
}

size_t random_below(struct random *random, size_t bound)
{
    return (size_t)(random_next(random) % bound); // bounds are tiny beside 2^64: no visible bias
}

bool random_once_in(struct random *random, size_t n)
{
    return random_below(random, n) == 0;
}

static unsigned bit_width(size_t value)
{
    return 64u - (unsigned)__builtin_clzll(value | 1);
}

size_t random_log(struct random *random, size_t low, size_t high)
{
    unsigned first = bit_width(low);
    unsigned last = bit_width(high);
    size_t width = first + random_below(random, last - first + 1);
    size_t value = (size_t)1 << (width - 1);
    value += random_below(random, value);
    if (value < low) {
        return low;
    }
    return value > high ? high : value;
}

size_t random_request(struct random *random)
{
    size_t choice = random_below(random, 1000);
    if (choice < 30) {
        return 0;
    }
    if (choice < 500) {
        return 1 + random_below(random, 1024);
    }
    if (choice < 800) {
        return random_log(random, 1, 1024);
    }
    if (choice < 992) {
        return random_log(random, 1024, 64 << 10);
    }
    if (choice < 999) {
        return random_log(random, 64 << 10, 1 << 20);
    }
    return random_log(random, 1 << 20, 3 << 20);
}

uint64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

double stress_seconds(double usual)
{
    const char *text = getenv("HALDE_STRESS_SECONDS");
    return text ? strtod(text, NULL) : usual;
}

uint64_t deadline_after(double seconds)
{
    return clock_ms() + (uint64_t)(seconds * 1000);
}

bool deadline_is_over(uint64_t deadline_ms)
{
    return clock_ms() >= deadline_ms;
}
