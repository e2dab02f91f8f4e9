// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Which of 64 consecutive state bytes (or 16-bit states) are zero, or have a second value that
 * stands for zero too, as a 64-bit mask.
 *
 * This is how free blocks are found: bit i of the mask is set when state i is 0.  Other threads may
 * store zeros meanwhile (a remote free); each byte is read once, so a state that turns 0 during the
 * call is simply seen or not seen.  On x86-64 the loads are plain vector loads; ThreadSanitizer
 * builds and other CPUs read atomically, word by word.
 */
#ifndef BASE_ZERO_MASK_H
#define BASE_ZERO_MASK_H

#include "base/compiler.h"

#if defined(__SSE2__) && !CONFIG_TSAN
#include <emmintrin.h>
#define HAS_VECTOR_ZERO_MASK 1
#else
#define HAS_VECTOR_ZERO_MASK 0
#endif

#if HAS_VECTOR_ZERO_MASK

ALWAYS_INLINE uint64_t zero_mask_bytes(const uint8_t *states, uint8_t other)
{
    const __m128i *vectors = (const __m128i *)(const void *)states;
    const __m128i zero = _mm_setzero_si128();
    const __m128i others = _mm_set1_epi8((char)other);
    uint64_t mask = 0;
    for (unsigned i = 0; i < 4; i++) {
        __m128i vector = _mm_load_si128(vectors + i);
        __m128i equal = _mm_or_si128(_mm_cmpeq_epi8(vector, zero), _mm_cmpeq_epi8(vector, others));
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(equal) << (16 * i);
    }
    return mask;
}

ALWAYS_INLINE uint64_t zero_mask_words(const uint16_t *states, uint16_t other)
{
    const __m128i *vectors = (const __m128i *)(const void *)states;
    const __m128i zero = _mm_setzero_si128();
    const __m128i others = _mm_set1_epi16((short)other);
    uint64_t mask = 0;
    for (unsigned i = 0; i < 4; i++) {
        __m128i low = _mm_load_si128(vectors + 2 * i);
        __m128i high = _mm_load_si128(vectors + 2 * i + 1);
        low = _mm_or_si128(_mm_cmpeq_epi16(low, zero), _mm_cmpeq_epi16(low, others));
        high = _mm_or_si128(_mm_cmpeq_epi16(high, zero), _mm_cmpeq_epi16(high, others));
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_packs_epi16(low, high)) << (16 * i);
    }
    return mask;
}

#else

ALWAYS_INLINE uint64_t zero_mask_bytes(const uint8_t *states, uint8_t other)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < 64; i++) {
        uint32_t state = __atomic_load_n(states + i, __ATOMIC_ACQUIRE);
        mask |= (uint64_t)(state == 0 || state == other) << i;
    }
    return mask;
}

ALWAYS_INLINE uint64_t zero_mask_words(const uint16_t *states, uint16_t other)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < 64; i++) {
        uint32_t state = __atomic_load_n(states + i, __ATOMIC_ACQUIRE);
        mask |= (uint64_t)(state == 0 || state == other) << i;
    }
    return mask;
}

#endif
#endif
