// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * <intsafe.h>, win32-heap.md 1.7 and 13.1 no. 63: right at the limits, and for every pair of 8-bit
 * operands against arithmetic in a wider type.
 */
#include <halde-win32/intsafe.h>

#include <limits.h>
#include <stdint.h>

#include "check.h"

#define OVERFLOW_RESULT ((HRESULT)0x80070216)

/// The result and what is stored.
#define EXPECT_FITS(type, call, value)                                                             \
    do {                                                                                           \
        type result_ = (type)42;                                                                   \
        EXPECT_TRUE((call) == S_OK);                                                               \
        EXPECT_TRUE(result_ == (type)(value));                                                     \
    } while (0)

/// On overflow all bits are set.
#define EXPECT_OVERFLOWS(type, call)                                                               \
    do {                                                                                           \
        type result_ = (type)42;                                                                   \
        EXPECT_TRUE((call) == OVERFLOW_RESULT);                                                    \
        EXPECT_TRUE(result_ == (type)-1);                                                          \
    } while (0)

/// Multiplication, addition and subtraction of an unsigned type around its maximum, a square number
/// less 1.
#define TEST_UNSIGNED(prefix, type, maximum, root)                                                 \
    do {                                                                                           \
        EXPECT_FITS(                                                                               \
            type, prefix##Mult((root), (root)-1, &result_), (type)((maximum) - (root) + 1));       \
        EXPECT_FITS(type, prefix##Mult((maximum), 1, &result_), (maximum));                        \
        EXPECT_FITS(type, prefix##Mult((maximum) / 3, 3, &result_), (maximum));                    \
        EXPECT_FITS(type, prefix##Mult((maximum), 0, &result_), 0);                                \
        EXPECT_OVERFLOWS(type, prefix##Mult((root), (root), &result_));                            \
        EXPECT_OVERFLOWS(type, prefix##Mult((maximum), 2, &result_));                              \
        EXPECT_OVERFLOWS(type, prefix##Mult((maximum) / 3 + 1, 3, &result_));                      \
        EXPECT_OVERFLOWS(type, prefix##Mult((maximum), (maximum), &result_));                      \
        EXPECT_FITS(type, prefix##Add((maximum)-1, 1, &result_), (maximum));                       \
        EXPECT_OVERFLOWS(type, prefix##Add((maximum), 1, &result_));                               \
        EXPECT_OVERFLOWS(type, prefix##Add((maximum), (maximum), &result_));                       \
        EXPECT_FITS(type, prefix##Sub((maximum), (maximum), &result_), 0);                         \
        EXPECT_OVERFLOWS(type, prefix##Sub(0, 1, &result_));                                       \
        EXPECT_OVERFLOWS(type, prefix##Sub((maximum)-1, (maximum), &result_));                     \
    } while (0)

#define TEST_SIGNED(prefix, type, minimum, maximum)                                                \
    do {                                                                                           \
        EXPECT_FITS(type, prefix##Add((maximum)-1, 1, &result_), (maximum));                       \
        EXPECT_OVERFLOWS(type, prefix##Add((maximum), 1, &result_));                               \
        EXPECT_FITS(type, prefix##Add((minimum), (maximum), &result_), -1);                        \
        EXPECT_OVERFLOWS(type, prefix##Add((minimum), -1, &result_));                              \
        EXPECT_FITS(type, prefix##Sub((minimum) + 1, 1, &result_), (minimum));                     \
        EXPECT_OVERFLOWS(type, prefix##Sub((minimum), 1, &result_));                               \
        EXPECT_OVERFLOWS(type, prefix##Sub(0, (minimum), &result_));                               \
        EXPECT_FITS(type, prefix##Sub(-1, (minimum), &result_), (maximum));                        \
        EXPECT_OVERFLOWS(type, prefix##Mult((minimum), -1, &result_));                             \
        EXPECT_FITS(type, prefix##Mult((minimum) / 2, 2, &result_), (minimum));                    \
        EXPECT_OVERFLOWS(type, prefix##Mult((maximum), 2, &result_));                              \
        EXPECT_FITS(type, prefix##Mult((maximum), -1, &result_), (minimum) + 1);                   \
    } while (0)

static void test_arithmetic(void)
{
    EXPECT_TRUE(INTSAFE_E_ARITHMETIC_OVERFLOW == OVERFLOW_RESULT && FAILED(OVERFLOW_RESULT));
    const uint64_t root = UINT64_C(1) << 32;
    TEST_UNSIGNED(SIZET, SIZE_T, SIZE_MAX, root);
    TEST_UNSIGNED(SizeT, size_t, SIZE_MAX, root);
    TEST_UNSIGNED(ULongPtr, ULONG_PTR, UINTPTR_MAX, root);
    TEST_UNSIGNED(UIntPtr, UINT_PTR, UINTPTR_MAX, root);
    TEST_UNSIGNED(DWordPtr, DWORD_PTR, UINTPTR_MAX, root);
    TEST_UNSIGNED(ULongLong, ULONGLONG, ULLONG_MAX, root);
    TEST_UNSIGNED(DWordLong, DWORDLONG, ULLONG_MAX, root);
    TEST_UNSIGNED(ULong, ULONG, UINT32_MAX, 65536u);
    TEST_UNSIGNED(DWord, DWORD, UINT32_MAX, 65536u);
    TEST_UNSIGNED(UInt, UINT, UINT_MAX, 65536u);
    TEST_UNSIGNED(UShort, USHORT, USHRT_MAX, 256);
    TEST_UNSIGNED(Word, WORD, USHRT_MAX, 256);
    TEST_UNSIGNED(UInt8, UINT8, UCHAR_MAX, 16);
    TEST_SIGNED(Int, INT, INT_MIN, INT_MAX);
    TEST_SIGNED(Long, LONG, INT32_MIN, INT32_MAX);
    TEST_SIGNED(LongLong, LONGLONG, LLONG_MIN, LLONG_MAX);
    TEST_SIGNED(IntPtr, INT_PTR, INTPTR_MIN, INTPTR_MAX);
    TEST_SIGNED(LongPtr, LONG_PTR, INTPTR_MIN, INTPTR_MAX);
    TEST_SIGNED(PtrdiffT, ptrdiff_t, PTRDIFF_MIN, PTRDIFF_MAX);
    TEST_SIGNED(SSIZET, SSIZE_T, -SSIZE_MAX - 1, SSIZE_MAX);
    TEST_SIGNED(Short, SHORT, SHRT_MIN, SHRT_MAX);
    TEST_SIGNED(Int8, INT8, SCHAR_MIN, SCHAR_MAX);
}

/// The use in Microsoft's sample on process heaps: bytes of an array of handles.
static void test_sample(void)
{
    SIZE_T bytes = 0;
    EXPECT_TRUE(SIZETMult(12, sizeof(void *), &bytes) == S_OK && bytes == 96);
    EXPECT_TRUE(SIZETMult(SIZE_MAX / 8 + 1, sizeof(void *), &bytes) != S_OK && bytes == SIZE_MAX);
}

/// Every pair of bytes, signed and unsigned.
static void test_all_bytes(void)
{
    for (int left = -128; left < 256; left++) {
        for (int right = -128; right < 256; right++) {
            const int exact[] = {left + right, left - right, left * right};
            if (left >= 0 && right >= 0) {
                const UINT8 a = (UINT8)left, b = (UINT8)right;
                UINT8 results[3];
                const HRESULT status[] = {UInt8Add(a, b, &results[0]), UInt8Sub(a, b, &results[1]),
                    UInt8Mult(a, b, &results[2])};
                for (int i = 0; i < 3; i++) {
                    const bool fits = exact[i] >= 0 && exact[i] <= UCHAR_MAX;
                    EXPECT_TRUE((status[i] == S_OK) == fits);
                    EXPECT_TRUE(results[i] == (fits ? exact[i] : UCHAR_MAX));
                }
            }
            if (left < 128 && right < 128) {
                const INT8 a = (INT8)left, b = (INT8)right;
                INT8 results[3];
                const HRESULT status[] = {Int8Add(a, b, &results[0]), Int8Sub(a, b, &results[1]),
                    Int8Mult(a, b, &results[2])};
                for (int i = 0; i < 3; i++) {
                    const bool fits = exact[i] >= SCHAR_MIN && exact[i] <= SCHAR_MAX;
                    EXPECT_TRUE((status[i] == S_OK) == fits);
                    EXPECT_TRUE(results[i] == (fits ? exact[i] : -1));
                }
            }
        }
    }
}

static void test_conversions(void)
{
    EXPECT_FITS(ULONG, SizeTToULong(UINT32_MAX, &result_), UINT32_MAX);
    EXPECT_OVERFLOWS(ULONG, SizeTToULong((size_t)UINT32_MAX + 1, &result_));
    EXPECT_FITS(DWORD, SIZETToDWord(UINT32_MAX, &result_), UINT32_MAX);
    EXPECT_OVERFLOWS(DWORD, SIZETToDWord(SIZE_MAX, &result_));
    EXPECT_FITS(INT, SizeTToInt(INT_MAX, &result_), INT_MAX);
    EXPECT_OVERFLOWS(INT, SizeTToInt((size_t)INT_MAX + 1, &result_));
    EXPECT_FITS(size_t, IntToSizeT(INT_MAX, &result_), INT_MAX);
    EXPECT_OVERFLOWS(size_t, IntToSizeT(-1, &result_));
    EXPECT_FITS(UINT, IntToUInt(0, &result_), 0);
    EXPECT_OVERFLOWS(UINT, IntToUInt(INT_MIN, &result_));
    EXPECT_FITS(LONG, ULongToLong(INT32_MAX, &result_), INT32_MAX);
    EXPECT_OVERFLOWS(LONG, ULongToLong((ULONG)INT32_MAX + 1, &result_));
    EXPECT_FITS(USHORT, ULongToUShort(USHRT_MAX, &result_), USHRT_MAX);
    EXPECT_OVERFLOWS(USHORT, ULongToUShort(USHRT_MAX + 1, &result_));
    EXPECT_FITS(INT8, ShortToInt8(-128, &result_), -128);
    EXPECT_OVERFLOWS(INT8, ShortToInt8(-129, &result_));
    EXPECT_FITS(BYTE, IntToByte(255, &result_), 255);
    EXPECT_OVERFLOWS(BYTE, IntToByte(256, &result_));
    EXPECT_FITS(LONGLONG, ULongLongToLongLong(LLONG_MAX, &result_), LLONG_MAX);
    EXPECT_OVERFLOWS(LONGLONG, ULongLongToLongLong(ULLONG_MAX, &result_));
    EXPECT_FITS(ULONGLONG, LongLongToULongLong(LLONG_MAX, &result_), LLONG_MAX);
    EXPECT_OVERFLOWS(ULONGLONG, LongLongToULongLong(-1, &result_));
    CHAR character = 'x';
    bool fits = CHAR_MAX >= 200; // on Arm a char has no sign
    EXPECT_TRUE(IntToChar(200, &character) == (fits ? S_OK : OVERFLOW_RESULT));
    EXPECT_TRUE(character == (fits ? (CHAR)200 : 0));
}

int main(void)
{
    test_arithmetic();
    test_sample();
    test_all_bytes();
    test_conversions();
    return test_result();
}
