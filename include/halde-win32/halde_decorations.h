// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file halde_decorations.h
 * Words of Windows headers that mean nothing on Linux, and the marks that our own declarations use.
 *
 * Every drop-in header includes this one.  Calling conventions, `far`, `IN` and their like become
 * empty; old-style SAL marks with two leading underscores are left alone, because the C++ standard
 * library names its parameters so.  `min` and `max` are defined for C only (see minwindef.h).
 * _WIN32 and _WIN64 are not defined: headers of other libraries would take their Windows branch.
 */
#ifndef HALDE_WIN32_DECORATIONS_H
#define HALDE_WIN32_DECORATIONS_H

#include "halde_crt.h"

// The one mark of exported names; everything else in the library is hidden.
#define WINBASEAPI HALDE_API
#define NTSYSAPI HALDE_API

#ifdef __cplusplus
#define HALDE_STATIC_ASSERT(condition) static_assert(condition, #condition)
#else
#define HALDE_STATIC_ASSERT(condition) _Static_assert(condition, #condition)
#endif

/** Asserts what 64-bit Windows shows: the size of a structure, the offset of a member. */
#define HALDE_ASSERT_SIZE(type, size) HALDE_STATIC_ASSERT(sizeof(type) == (size))
#define HALDE_ASSERT_OFFSET(type, member, offset)                                                  \
    HALDE_STATIC_ASSERT(offsetof(type, member) == (offset))

// Calling conventions; halde_crt.h has those that begin with an underscore and that functions of
// the run-time library use.
#ifndef cdecl
#define cdecl
#endif
#ifndef CDECL
#define CDECL
#endif
#ifndef _stdcall
#define _stdcall
#endif
#ifndef __fastcall
#define __fastcall
#endif
#ifndef _fastcall
#define _fastcall
#endif
#ifndef __vectorcall
#define __vectorcall
#endif
#ifndef pascal
#define pascal
#endif
#ifndef PASCAL
#define PASCAL
#endif
#ifndef WINAPI
#define WINAPI
#endif
#ifndef WINAPIV
#define WINAPIV
#endif
#ifndef APIENTRY
#define APIENTRY
#endif
#ifndef APIPRIVATE
#define APIPRIVATE
#endif
#ifndef CALLBACK
#define CALLBACK
#endif
#ifndef NTAPI
#define NTAPI
#endif
#ifndef STDAPICALLTYPE
#define STDAPICALLTYPE
#endif

// Segmented memory.
#ifndef FAR
#define FAR
#endif
#ifndef NEAR
#define NEAR
#endif
#ifndef far
#define far
#endif
#ifndef near
#define near
#endif

// Parameter marks before SAL.
#ifndef IN
#define IN
#endif
#ifndef OUT
#define OUT
#endif
#ifndef OPTIONAL
#define OPTIONAL
#endif

// Compiler words.
#ifndef __declspec
#define __declspec(attribute)
#endif
#ifndef DECLSPEC_IMPORT
#define DECLSPEC_IMPORT
#endif
#ifndef DECLSPEC_NORETURN
#define DECLSPEC_NORETURN __attribute__((__noreturn__))
#endif
#ifndef __forceinline
#define __forceinline __inline__ __attribute__((__always_inline__))
#endif
#ifndef FORCEINLINE
#define FORCEINLINE __forceinline
#endif
#ifndef __int8
#define __int8 char
#endif
#ifndef __int16
#define __int16 short
#endif
#ifndef __int32
#define __int32 int
#endif
#ifndef __int64
#define __int64 long long
#endif

#ifndef EXTERN_C
#ifdef __cplusplus
#define EXTERN_C extern "C"
#else
#define EXTERN_C extern
#endif
#endif

// Names of unions that have one only under NONAMELESSUNION: Entry.Block.hMem or Entry.u.Block.hMem.
#ifdef NONAMELESSUNION
#define DUMMYUNIONNAME u
#define DUMMYSTRUCTNAME s
#else
#define DUMMYUNIONNAME
#define DUMMYSTRUCTNAME
#endif

#ifndef UNREFERENCED_PARAMETER
#define UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#endif
#ifndef DBG_UNREFERENCED_PARAMETER
#define DBG_UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#endif
#ifndef DBG_UNREFERENCED_LOCAL_VARIABLE
#define DBG_UNREFERENCED_LOCAL_VARIABLE(variable) ((void)(variable))
#endif

#endif
