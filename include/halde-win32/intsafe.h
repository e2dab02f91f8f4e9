// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file intsafe.h
 * Drop-in <intsafe.h>: arithmetic and conversions of integers that report overflow.
 *
 * Each function stores the result and returns S_OK; or, when the exact result does not fit, stores
 * the type's error value (all bits set) and returns INTSAFE_E_ARITHMETIC_OVERFLOW.  The pointer
 * must not be NULL. The signed forms are always there; Windows has some of them only on request.
 *
 * Source: intsafe.h, SizeTMult and its kin; the error value is not documented there.
 */
#ifndef HALDE_WIN32_INTSAFE_H
#define HALDE_WIN32_INTSAFE_H

#include "minwindef.h"
#include "winerror.h"

#include <stddef.h>

/** ERROR_ARITHMETIC_OVERFLOW as an HRESULT. */
#define INTSAFE_E_ARITHMETIC_OVERFLOW ((HRESULT)0x80070216)

#define CHAR_ERROR ((CHAR)0)
#define UCHAR_ERROR ((UCHAR)-1)
#define BYTE_ERROR ((BYTE)-1)
#define SHORT_ERROR ((SHORT)-1)
#define USHORT_ERROR ((USHORT)-1)
#define WORD_ERROR ((WORD)-1)
#define INT_ERROR ((INT)-1)
#define UINT_ERROR ((UINT)-1)
#define LONG_ERROR ((LONG)-1)
#define ULONG_ERROR ((ULONG)-1)
#define DWORD_ERROR ((DWORD)-1)
#define LONGLONG_ERROR ((LONGLONG)-1)
#define ULONGLONG_ERROR ((ULONGLONG)-1)
#define DWORDLONG_ERROR ((DWORDLONG)-1)
#define INT_PTR_ERROR ((INT_PTR)-1)
#define UINT_PTR_ERROR ((UINT_PTR)-1)
#define LONG_PTR_ERROR ((LONG_PTR)-1)
#define ULONG_PTR_ERROR ((ULONG_PTR)-1)
#define DWORD_PTR_ERROR ((DWORD_PTR)-1)
#define PTRDIFF_T_ERROR ((ptrdiff_t)-1)
#define SIZET_ERROR ((size_t)-1)
#define SIZE_T_ERROR ((SIZE_T)-1)
#define SSIZE_T_ERROR ((SSIZE_T)-1)

HALDE_EXTERN_C_BEGIN

// The compiler computes in unlimited precision and tells whether the result fits the target.
#define HALDE_INTSAFE_OPERATION_(function, type, builtin)                                          \
    static inline HRESULT function(type left, type right, type *result)                            \
    {                                                                                              \
        if (builtin(left, right, result)) {                                                        \
            *result = (type)-1;                                                                    \
            return INTSAFE_E_ARITHMETIC_OVERFLOW;                                                  \
        }                                                                                          \
        return S_OK;                                                                               \
    }
#define HALDE_INTSAFE_ARITHMETIC_(prefix, type)                                                    \
    HALDE_INTSAFE_OPERATION_(prefix##Add, type, __builtin_add_overflow)                            \
    HALDE_INTSAFE_OPERATION_(prefix##Sub, type, __builtin_sub_overflow)                            \
    HALDE_INTSAFE_OPERATION_(prefix##Mult, type, __builtin_mul_overflow)

HALDE_INTSAFE_ARITHMETIC_(Int8, INT8)
HALDE_INTSAFE_ARITHMETIC_(UInt8, UINT8)
HALDE_INTSAFE_ARITHMETIC_(Short, SHORT)
HALDE_INTSAFE_ARITHMETIC_(UShort, USHORT)
HALDE_INTSAFE_ARITHMETIC_(Word, WORD)
HALDE_INTSAFE_ARITHMETIC_(Int, INT)
HALDE_INTSAFE_ARITHMETIC_(UInt, UINT)
HALDE_INTSAFE_ARITHMETIC_(Long, LONG)
HALDE_INTSAFE_ARITHMETIC_(ULong, ULONG)
HALDE_INTSAFE_ARITHMETIC_(DWord, DWORD)
HALDE_INTSAFE_ARITHMETIC_(LongLong, LONGLONG)
HALDE_INTSAFE_ARITHMETIC_(ULongLong, ULONGLONG)
HALDE_INTSAFE_ARITHMETIC_(DWordLong, DWORDLONG)
HALDE_INTSAFE_ARITHMETIC_(IntPtr, INT_PTR)
HALDE_INTSAFE_ARITHMETIC_(UIntPtr, UINT_PTR)
HALDE_INTSAFE_ARITHMETIC_(LongPtr, LONG_PTR)
HALDE_INTSAFE_ARITHMETIC_(ULongPtr, ULONG_PTR)
HALDE_INTSAFE_ARITHMETIC_(DWordPtr, DWORD_PTR)
HALDE_INTSAFE_ARITHMETIC_(PtrdiffT, ptrdiff_t)
HALDE_INTSAFE_ARITHMETIC_(SizeT, size_t)
HALDE_INTSAFE_ARITHMETIC_(SIZET, SIZE_T)
HALDE_INTSAFE_ARITHMETIC_(SSIZET, SSIZE_T)

#define HALDE_INTSAFE_CONVERSION_(function, source, target, error)                                 \
    static inline HRESULT function(source operand, target *result)                                 \
    {                                                                                              \
        if (__builtin_add_overflow(operand, 0, result)) {                                          \
            *result = error;                                                                       \
            return INTSAFE_E_ARITHMETIC_OVERFLOW;                                                  \
        }                                                                                          \
        return S_OK;                                                                               \
    }

// From one type to all that cannot hold every value of it (and to those of the same width).
#define HALDE_INTSAFE_TO_8_(prefix, type)                                                          \
    HALDE_INTSAFE_CONVERSION_(prefix##ToChar, type, CHAR, CHAR_ERROR)                              \
    HALDE_INTSAFE_CONVERSION_(prefix##ToUChar, type, UCHAR, UCHAR_ERROR)                           \
    HALDE_INTSAFE_CONVERSION_(prefix##ToByte, type, BYTE, BYTE_ERROR)                              \
    HALDE_INTSAFE_CONVERSION_(prefix##ToInt8, type, INT8, (INT8)-1)                                \
    HALDE_INTSAFE_CONVERSION_(prefix##ToUInt8, type, UINT8, (UINT8)-1)
#define HALDE_INTSAFE_TO_16_(prefix, type)                                                         \
    HALDE_INTSAFE_CONVERSION_(prefix##ToShort, type, SHORT, SHORT_ERROR)                           \
    HALDE_INTSAFE_CONVERSION_(prefix##ToUShort, type, USHORT, USHORT_ERROR)                        \
    HALDE_INTSAFE_CONVERSION_(prefix##ToWord, type, WORD, WORD_ERROR)
#define HALDE_INTSAFE_TO_32_(prefix, type)                                                         \
    HALDE_INTSAFE_CONVERSION_(prefix##ToInt, type, INT, INT_ERROR)                                 \
    HALDE_INTSAFE_CONVERSION_(prefix##ToUInt, type, UINT, UINT_ERROR)                              \
    HALDE_INTSAFE_CONVERSION_(prefix##ToLong, type, LONG, LONG_ERROR)                              \
    HALDE_INTSAFE_CONVERSION_(prefix##ToULong, type, ULONG, ULONG_ERROR)                           \
    HALDE_INTSAFE_CONVERSION_(prefix##ToDWord, type, DWORD, DWORD_ERROR)
#define HALDE_INTSAFE_TO_64_(prefix, type)                                                         \
    HALDE_INTSAFE_CONVERSION_(prefix##ToLongLong, type, LONGLONG, LONGLONG_ERROR)                  \
    HALDE_INTSAFE_CONVERSION_(prefix##ToULongLong, type, ULONGLONG, ULONGLONG_ERROR)               \
    HALDE_INTSAFE_CONVERSION_(prefix##ToIntPtr, type, INT_PTR, INT_PTR_ERROR)                      \
    HALDE_INTSAFE_CONVERSION_(prefix##ToUIntPtr, type, UINT_PTR, UINT_PTR_ERROR)                   \
    HALDE_INTSAFE_CONVERSION_(prefix##ToLongPtr, type, LONG_PTR, LONG_PTR_ERROR)                   \
    HALDE_INTSAFE_CONVERSION_(prefix##ToULongPtr, type, ULONG_PTR, ULONG_PTR_ERROR)                \
    HALDE_INTSAFE_CONVERSION_(prefix##ToDWordPtr, type, DWORD_PTR, DWORD_PTR_ERROR)                \
    HALDE_INTSAFE_CONVERSION_(prefix##ToPtrdiffT, type, ptrdiff_t, PTRDIFF_T_ERROR)                \
    HALDE_INTSAFE_CONVERSION_(prefix##ToSizeT, type, size_t, SIZET_ERROR)                          \
    HALDE_INTSAFE_CONVERSION_(prefix##ToSIZET, type, SIZE_T, SIZE_T_ERROR)                         \
    HALDE_INTSAFE_CONVERSION_(prefix##ToSSIZET, type, SSIZE_T, SSIZE_T_ERROR)
#define HALDE_INTSAFE_FROM_16_(prefix, type)                                                       \
    HALDE_INTSAFE_TO_8_(prefix, type)                                                              \
    HALDE_INTSAFE_TO_16_(prefix, type)
#define HALDE_INTSAFE_FROM_32_(prefix, type)                                                       \
    HALDE_INTSAFE_FROM_16_(prefix, type)                                                           \
    HALDE_INTSAFE_TO_32_(prefix, type)                                                             \
    HALDE_INTSAFE_TO_64_(prefix, type)

HALDE_INTSAFE_FROM_16_(Short, SHORT)
HALDE_INTSAFE_FROM_16_(UShort, USHORT)
HALDE_INTSAFE_FROM_16_(Word, WORD)
HALDE_INTSAFE_FROM_32_(Int, INT)
HALDE_INTSAFE_FROM_32_(UInt, UINT)
HALDE_INTSAFE_FROM_32_(Long, LONG)
HALDE_INTSAFE_FROM_32_(ULong, ULONG)
HALDE_INTSAFE_FROM_32_(DWord, DWORD)
HALDE_INTSAFE_FROM_32_(LongLong, LONGLONG)
HALDE_INTSAFE_FROM_32_(ULongLong, ULONGLONG)
HALDE_INTSAFE_FROM_32_(IntPtr, INT_PTR)
HALDE_INTSAFE_FROM_32_(UIntPtr, UINT_PTR)
HALDE_INTSAFE_FROM_32_(LongPtr, LONG_PTR)
HALDE_INTSAFE_FROM_32_(ULongPtr, ULONG_PTR)
HALDE_INTSAFE_FROM_32_(DWordPtr, DWORD_PTR)
HALDE_INTSAFE_FROM_32_(PtrdiffT, ptrdiff_t)
HALDE_INTSAFE_FROM_32_(SizeT, size_t)
HALDE_INTSAFE_FROM_32_(SIZET, SIZE_T)
HALDE_INTSAFE_FROM_32_(SSIZET, SSIZE_T)

#undef HALDE_INTSAFE_OPERATION_
#undef HALDE_INTSAFE_ARITHMETIC_
#undef HALDE_INTSAFE_CONVERSION_
#undef HALDE_INTSAFE_TO_8_
#undef HALDE_INTSAFE_TO_16_
#undef HALDE_INTSAFE_TO_32_
#undef HALDE_INTSAFE_TO_64_
#undef HALDE_INTSAFE_FROM_16_
#undef HALDE_INTSAFE_FROM_32_

HALDE_EXTERN_C_END

#endif
