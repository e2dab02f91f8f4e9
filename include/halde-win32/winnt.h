// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file winnt.h
 * Drop-in <winnt.h>: basic types, heap flags, status codes, memory macros.
 *
 * WCHAR is the system's wchar_t with 32 bits, not 16: literals L"..." and the C library's wide
 * functions work, but wide text in files or on the wire does not have the layout that Windows
 * programs expect.
 */
#ifndef HALDE_WIN32_WINNT_H
#define HALDE_WIN32_WINNT_H

#include "basetsd.h"

#include <string.h>
#include <wchar.h>

// ---- Types ------------------------------------------------------------------------------------

#ifndef VOID
#define VOID void
#endif
#ifndef CONST
#define CONST const
#endif

typedef char CHAR, *PCHAR, *LPCH, *PCH, *NPSTR, *LPSTR, *PSTR;
typedef const char *LPCCH, *PCCH, *LPCSTR, *PCSTR;
typedef short SHORT, *PSHORT;
typedef int LONG, *PLONG;
typedef long long LONGLONG, *PLONGLONG;
typedef unsigned long long ULONGLONG, *PULONGLONG;
typedef unsigned long long DWORDLONG, *PDWORDLONG;
typedef wchar_t WCHAR, *PWCHAR, *LPWCH, *PWCH, *NWPSTR, *LPWSTR, *PWSTR;
typedef const wchar_t *LPCWCH, *PCWCH, *LPCWSTR, *PCWSTR;
typedef unsigned char BOOLEAN, *PBOOLEAN;
typedef unsigned int LOGICAL, *PLOGICAL;
typedef void *PVOID, *PVOID64;
typedef void *HANDLE, **PHANDLE;
typedef LONG NTSTATUS, *PNTSTATUS;

#ifndef _HRESULT_DEFINED
#define _HRESULT_DEFINED
typedef LONG HRESULT;
#endif

#define DECLARE_HANDLE(name)                                                                       \
    struct name##__ {                                                                              \
        int unused;                                                                                \
    };                                                                                             \
    typedef struct name##__ *name

#define MAXCHAR 0x7f
#define MAXSHORT 0x7fff
#define MAXLONG 0x7fffffff
#define MAXBYTE 0xff
#define MAXWORD 0xffff
#define MAXDWORD 0xffffffff

/** Two halves of a 64-bit number. */
typedef union _LARGE_INTEGER {
    __extension__ struct {
        unsigned int LowPart;
        LONG HighPart;
    } DUMMYSTRUCTNAME;
    struct {
        unsigned int LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;
HALDE_ASSERT_SIZE(LARGE_INTEGER, 8);

// ---- Generic text, by UNICODE (tchar.h's names go by _UNICODE) --------------------------------

#define HALDE_WIDE_TEXT_(quote) L##quote
#ifdef UNICODE
#define HALDE_TEXT_(quote) HALDE_WIDE_TEXT_(quote)
#ifndef _TCHAR_DEFINED
#define _TCHAR_DEFINED
typedef WCHAR TCHAR, *PTCHAR;
typedef WCHAR TBYTE, *PTBYTE;
#endif
typedef LPWSTR LPTCH, PTCH, LPTSTR, PTSTR;
typedef LPCWSTR LPCTSTR, PCTSTR;
#else
#define HALDE_TEXT_(quote) quote
#ifndef _TCHAR_DEFINED
#define _TCHAR_DEFINED
typedef char TCHAR, *PTCHAR;
typedef unsigned char TBYTE, *PTBYTE;
#endif
typedef LPSTR LPTCH, PTCH, LPTSTR, PTSTR;
typedef LPCSTR LPCTSTR, PCTSTR;
#endif
#ifndef TEXT
#define TEXT(quote) HALDE_TEXT_(quote)
#endif

// ---- Status codes -----------------------------------------------------------------------------

#define STATUS_SUCCESS ((NTSTATUS)0x00000000)
#define STATUS_NO_MORE_ENTRIES ((NTSTATUS)0x8000001A)
#define STATUS_UNSUCCESSFUL ((NTSTATUS)0xC0000001)
#define STATUS_NOT_IMPLEMENTED ((NTSTATUS)0xC0000002)
#define STATUS_INVALID_INFO_CLASS ((NTSTATUS)0xC0000003)
#define STATUS_INFO_LENGTH_MISMATCH ((NTSTATUS)0xC0000004)
#define STATUS_ACCESS_VIOLATION ((NTSTATUS)0xC0000005)
#define STATUS_INVALID_HANDLE ((NTSTATUS)0xC0000008)
#define STATUS_INVALID_CID ((NTSTATUS)0xC000000B)
#define STATUS_INVALID_PARAMETER ((NTSTATUS)0xC000000D)
#define STATUS_NO_MEMORY ((NTSTATUS)0xC0000017)
#define STATUS_ACCESS_DENIED ((NTSTATUS)0xC0000022)
#define STATUS_BUFFER_TOO_SMALL ((NTSTATUS)0xC0000023)
#define STATUS_COMMITMENT_LIMIT ((NTSTATUS)0xC000012D)
#define STATUS_RESOURCE_NOT_OWNED ((NTSTATUS)0xC0000264)
#define STATUS_HEAP_CORRUPTION ((NTSTATUS)0xC0000374)
#define STATUS_STACK_BUFFER_OVERRUN ((NTSTATUS)0xC0000409)

// ---- Heap -------------------------------------------------------------------------------------

#define HEAP_NO_SERIALIZE 0x00000001
#define HEAP_GROWABLE 0x00000002
#define HEAP_GENERATE_EXCEPTIONS 0x00000004
#define HEAP_ZERO_MEMORY 0x00000008
#define HEAP_REALLOC_IN_PLACE_ONLY 0x00000010
#define HEAP_TAIL_CHECKING_ENABLED 0x00000020
#define HEAP_FREE_CHECKING_ENABLED 0x00000040
#define HEAP_DISABLE_COALESCE_ON_FREE 0x00000080
#define HEAP_CREATE_SEGMENT_HEAP 0x00000100
#define HEAP_CREATE_HARDENED 0x00000200
#define HEAP_CREATE_ALIGN_16 0x00010000
#define HEAP_CREATE_ENABLE_TRACING 0x00020000
#define HEAP_CREATE_ENABLE_EXECUTE 0x00040000
#define HEAP_MAXIMUM_TAG 0x0FFF
#define HEAP_PSEUDO_TAG_FLAG 0x8000
#define HEAP_TAG_SHIFT 18
#define HEAP_MAKE_TAG_FLAGS(base, tag) ((unsigned int)((base) + ((tag) << HEAP_TAG_SHIFT)))

/** What HeapAlloc() aligns to. */
#define MEMORY_ALLOCATION_ALIGNMENT 16

typedef enum _HEAP_INFORMATION_CLASS {
    HeapCompatibilityInformation = 0,
    HeapEnableTerminationOnCorruption = 1,
    HeapExtendedInformation = 2,
    HeapOptimizeResources = 3,
    HeapTaggingInformation = 4,
    HeapStackDatabase = 5,
    HeapMemoryLimit = 6,
    HeapTag = 7
} HEAP_INFORMATION_CLASS;
HALDE_ASSERT_SIZE(HEAP_INFORMATION_CLASS, 4);

#define HEAP_OPTIMIZE_RESOURCES_CURRENT_VERSION 1

typedef struct _HEAP_OPTIMIZE_RESOURCES_INFORMATION {
    UINT32 Version; ///< HEAP_OPTIMIZE_RESOURCES_CURRENT_VERSION
    UINT32 Flags;   ///< 0
} HEAP_OPTIMIZE_RESOURCES_INFORMATION, *PHEAP_OPTIMIZE_RESOURCES_INFORMATION;
HALDE_ASSERT_SIZE(HEAP_OPTIMIZE_RESOURCES_INFORMATION, 8);
HALDE_ASSERT_OFFSET(HEAP_OPTIMIZE_RESOURCES_INFORMATION, Version, 0);
HALDE_ASSERT_OFFSET(HEAP_OPTIMIZE_RESOURCES_INFORMATION, Flags, 4);

// ---- Memory macros ----------------------------------------------------------------------------

#define RtlEqualMemory(left, right, size) (!memcmp((left), (right), (size)))
#define RtlMoveMemory(destination, source, size) memmove((destination), (source), (size))
#define RtlCopyMemory(destination, source, size) memcpy((destination), (source), (size))
/** Note the order: size before value. */
#define RtlFillMemory(destination, size, value) memset((destination), (value), (size))
#define RtlZeroMemory(destination, size) memset((destination), 0, (size))

/** Zeroes memory for good: the optimiser cannot drop the stores. Returns `address`. */
static __inline__ PVOID RtlSecureZeroMemory(PVOID address, SIZE_T size)
{
    memset(address, 0, size);
    __asm__ __volatile__("" : : "r"(address) : "memory");
    return address;
}

#endif
