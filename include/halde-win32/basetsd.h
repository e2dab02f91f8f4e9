// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file basetsd.h
 * Drop-in <basetsd.h>: integers of a fixed width and integers as wide as a pointer.
 *
 * On 64-bit Windows `long` has 32 bits, on Linux 64.  So every 32-bit type here is an `int`, every
 * 64-bit type a `long long` (which is what %lld and %llu print), and the pointer-wide types are the
 * system's own: SIZE_T is size_t.
 */
#ifndef HALDE_WIN32_BASETSD_H
#define HALDE_WIN32_BASETSD_H

#include "halde_decorations.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef signed char INT8, *PINT8;
typedef short INT16, *PINT16;
typedef int INT32, *PINT32;
typedef long long INT64, *PINT64;
typedef unsigned char UINT8, *PUINT8;
typedef unsigned short UINT16, *PUINT16;
typedef unsigned int UINT32, *PUINT32;
typedef unsigned long long UINT64, *PUINT64;
typedef int LONG32, *PLONG32;
typedef long long LONG64, *PLONG64;
typedef unsigned int ULONG32, *PULONG32;
typedef unsigned long long ULONG64, *PULONG64;
typedef unsigned int DWORD32, *PDWORD32;
typedef unsigned long long DWORD64, *PDWORD64;

typedef intptr_t INT_PTR, *PINT_PTR;
typedef uintptr_t UINT_PTR, *PUINT_PTR;
typedef intptr_t LONG_PTR, *PLONG_PTR;
typedef uintptr_t ULONG_PTR, *PULONG_PTR;
typedef ULONG_PTR DWORD_PTR, *PDWORD_PTR;
typedef ULONG_PTR KAFFINITY, *PKAFFINITY;
typedef size_t SIZE_T, *PSIZE_T;
typedef ssize_t SSIZE_T, *PSSIZE_T;

#define MAXUINT32 ((UINT32) ~((UINT32)0))
#define MAXUINT64 ((UINT64) ~((UINT64)0))
#define MAXUINT_PTR (~((UINT_PTR)0))
#define MAXULONG_PTR (~((ULONG_PTR)0))
#define MAXSIZE_T (~((SIZE_T)0))

// Conversions between handles, pointers and integers: they extend with the sign or with zeros as
// the type in their name says, and drop the upper half when narrowing.
#define HandleToULong(handle) ((ULONG32)(ULONG_PTR)(handle))
#define HandleToUlong(handle) HandleToULong(handle)
#define HandleToLong(handle) ((LONG32)(LONG_PTR)(handle))
#define ULongToHandle(value) ((void *)(ULONG_PTR)(ULONG32)(value))
#define UlongToHandle(value) ULongToHandle(value)
#define LongToHandle(value) ((void *)(LONG_PTR)(LONG32)(value))
#define PtrToUlong(pointer) ((ULONG32)(ULONG_PTR)(pointer))
#define PtrToULong(pointer) PtrToUlong(pointer)
#define PtrToLong(pointer) ((LONG32)(LONG_PTR)(pointer))
#define PtrToUint(pointer) ((UINT32)(UINT_PTR)(pointer))
#define PtrToInt(pointer) ((INT32)(INT_PTR)(pointer))
#define UlongToPtr(value) ((void *)(ULONG_PTR)(ULONG32)(value))
#define ULongToPtr(value) UlongToPtr(value)
#define LongToPtr(value) ((void *)(LONG_PTR)(LONG32)(value))
#define UIntToPtr(value) ((void *)(UINT_PTR)(UINT32)(value))
#define IntToPtr(value) ((void *)(INT_PTR)(INT32)(value))

#endif
