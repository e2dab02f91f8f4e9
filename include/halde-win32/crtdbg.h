/* SPDX-FileCopyrightText: 2026 The Halde authors */
/* SPDX-License-Identifier: MIT */

/**
 * @file crtdbg.h
 * Drop-in <crtdbg.h>: the debug heap and debug reports of Microsoft's C run-time library.
 *
 * With `_DEBUG` defined everything below works; a program that has one such unit gets the debug
 * heap for all its blocks, from the first one on.  Without `_DEBUG` the functions are constants,
 * their arguments are not evaluated, and nothing is switched on: the file is for both builds.
 *
 * `_CRTDBG_MAP_ALLOC`, defined together with `_DEBUG` before this header, makes `malloc`, `free`
 * and their kin function-like macros that pass file and line.  The system's headers that declare
 * these names are included here first, so that they may also be included later.  Headers of others
 * that have a member called `free` or the like should come before this one; or define
 * HALDE_NO_MAP_FREE, which leaves `free` alone: blocks are freed all the same, whoever frees them.
 * `_CRT_DECLARE_NONSTDC_NAMES` defined as 0 leaves `strdup`, `wcsdup`, `tempnam` and `getcwd`
 * alone.
 *
 * What differs from Windows: `long` has 64 bits, `wchar_t` 32; an `_HFILE` is a file descriptor (or
 * a `FILE *`); the debugger's channel is standard error; what a report window would ask is asked on
 * the terminal.  halde-crtdbg(7) tells the whole.
 *
 * Threads: every function from any thread.  Formats are Microsoft's, see halde_stdio.h.
 * Source: "CRT debugging techniques" and the reference page of each name.
 */
#if (defined(__cplusplus) && __cplusplus < 201103L) ||                                             \
    (!defined(__cplusplus) && (!defined(__STDC_VERSION__) || __STDC_VERSION__ < 199901L))
/* Macros with "..." and the comments below are extensions there. */
#pragma GCC system_header
#endif

#ifndef _INC_CRTDBG
#define _INC_CRTDBG

#include "halde_crt.h"

#include <stdarg.h>
#include <stdint.h>

// Whatever declares a name that becomes a macro below, or removes one (<cstdlib> does).
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#ifdef __cplusplus
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <new>
#endif

#include "halde_crt_strings.h"

// ---- Types and constants, in both builds ------------------------------------------------------

/** Where reports go: a file descriptor above 0, a `FILE *`, or one of the constants below. */
typedef void *_HFILE;

// Report types.
#define _CRT_WARN 0
#define _CRT_ERROR 1
#define _CRT_ASSERT 2
#define _CRT_ERRCNT 3

// Report modes: bits, 0 for silence.
#define _CRTDBG_MODE_FILE 0x1
#define _CRTDBG_MODE_DEBUG 0x2
#define _CRTDBG_MODE_WNDW 0x4
#define _CRTDBG_REPORT_MODE (-1)

#define _CRTDBG_INVALID_HFILE ((_HFILE)(intptr_t)-1)
#define _CRTDBG_HFILE_ERROR ((_HFILE)(intptr_t)-2)
#define _CRTDBG_FILE_STDOUT ((_HFILE)(intptr_t)-4)
#define _CRTDBG_FILE_STDERR ((_HFILE)(intptr_t)-5)
#define _CRTDBG_REPORT_FILE ((_HFILE)(intptr_t)-6)

/** Sees a report first. Nonzero: it is done with, and *result is what the reporter returns. */
typedef int(__cdecl *_CRT_REPORT_HOOK)(int type, char *message, int *result);
typedef int(__cdecl *_CRT_REPORT_HOOKW)(int type, wchar_t *message, int *result);

#define _CRT_RPTHOOK_INSTALL 0
#define _CRT_RPTHOOK_REMOVE 1

/** Called before each operation of the debug heap. 0: the operation fails. */
typedef int(__cdecl *_CRT_ALLOC_HOOK)(int operation, void *block, size_t size, int block_use,
    long request, const unsigned char *file, int line);

#define _HOOK_ALLOC 1
#define _HOOK_REALLOC 2
#define _HOOK_FREE 3

// The flag of _CrtSetDbgFlag(). Its upper 16 bits are the period of checks.
#define _CRTDBG_ALLOC_MEM_DF 0x01
#define _CRTDBG_DELAY_FREE_MEM_DF 0x02
#define _CRTDBG_CHECK_ALWAYS_DF 0x04
#define _CRTDBG_RESERVED_DF 0x08
#define _CRTDBG_CHECK_CRT_DF 0x10
#define _CRTDBG_LEAK_CHECK_DF 0x20
#define _CRTDBG_CHECK_EVERY_16_DF 0x00100000
#define _CRTDBG_CHECK_EVERY_128_DF 0x00800000
#define _CRTDBG_CHECK_EVERY_1024_DF 0x04000000
#define _CRTDBG_CHECK_DEFAULT_DF 0
#define _CRTDBG_REPORT_FLAG (-1)

// Block types; CLIENT and CRT blocks may have a subtype in the upper half.
// Microsoft's do not parenthesise their argument, either.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define _BLOCK_TYPE(block) (block & 0xFFFF)
#define _BLOCK_SUBTYPE(block) (block >> 16 & 0xFFFF)
// NOLINTEND(bugprone-macro-parentheses)
#define _FREE_BLOCK 0
#define _NORMAL_BLOCK 1
#define _CRT_BLOCK 2
#define _IGNORE_BLOCK 3
#define _CLIENT_BLOCK 4
#define _MAX_BLOCKS 5
#define _UNKNOWN_BLOCK (-1)

/** Prints the contents of a CLIENT block in a dump, with its line end. */
typedef void(__cdecl *_CRT_DUMP_CLIENT)(void *block, size_t size);

struct _CrtMemBlockHeader;

/** The state of the heap at one moment, or the difference of two: blocks and bytes of each type. */
typedef struct _CrtMemState {
    struct _CrtMemBlockHeader *pBlockHeader; ///< the newest block; NULL in a difference
    size_t lCounts[_MAX_BLOCKS];
    size_t lSizes[_MAX_BLOCKS]; ///< bytes asked for
    size_t lHighWaterCount;     ///< most bytes in use at a time, since the start
    size_t lTotalCount;         ///< bytes allocated since the start, in all
} _CrtMemState;

HALDE_EXTERN_C_BEGIN

/**
 * Ends the process for a wrong parameter, without handler: SIGABRT. Source: _invoke_watson.
 * The parameters are those of a handler.
 */
HALDE_CRTAPI __attribute__((__noreturn__)) void __cdecl _invoke_watson(const wchar_t *expression,
    const wchar_t *function, const wchar_t *file, unsigned line, uintptr_t reserved);

HALDE_EXTERN_C_END

#ifdef _DEBUG

HALDE_EXTERN_C_BEGIN

// Tells the library, which refers to it weakly, that this program wants the debug heap.
#ifndef HALDE_BUILDS_CRTDBG
extern int halde_debug_heap_wanted;
__attribute__((__weak__, __visibility__("default"))) int halde_debug_heap_wanted = 1;

// Brings the debug heap along when a static library gives only what is asked for.
HALDE_CRTAPI void __cdecl halde_debug_heap_start(void);
extern void (*halde_debug_heap_anchor)(void);
__attribute__((__weak__, __used__)) void (*halde_debug_heap_anchor)(void) = halde_debug_heap_start;
#endif

// ---- State and flags of the debug heap --------------------------------------------------------

// The variables themselves, for debuggers and for who leaves the macros out; the library looks at
// them at each operation.
HALDE_CRTAPI extern int _crtDbgFlag;
HALDE_CRTAPI extern long _crtBreakAlloc;
HALDE_CRTAPI extern _CRT_ALLOC_HOOK _pfnAllocHook;
HALDE_CRTAPI extern _CRT_DUMP_CLIENT _pfnDumpClient;

/** The flag word; changing it directly does not change the period of checks. Source: _crtDbgFlag.
 */
HALDE_CRTAPI int *__cdecl __p__crtDbgFlag(void);
#define _crtDbgFlag (*__p__crtDbgFlag())

/** The request number before which to break; -1: none. Source: _crtBreakAlloc. */
HALDE_CRTAPI long *__cdecl __p__crtBreakAlloc(void);
#define _crtBreakAlloc (*__p__crtBreakAlloc())

/**
 * Sets the flag word and restarts the period of checks.
 * @param flag  _CRTDBG_REPORT_FLAG: changes nothing; bits that do not exist: invalid parameter
 * @return the flag word before.  Source: _CrtSetDbgFlag.
 */
HALDE_CRTAPI int __cdecl _CrtSetDbgFlag(int flag);

/** Sets the request number to break at, -1 for none; returns the one before. Source:
 * _CrtSetBreakAlloc. */
HALDE_CRTAPI long __cdecl _CrtSetBreakAlloc(long request);

/** The allocation hook; the first one is _CrtDefaultAllocHook. NULL: none. Source:
 * _CrtSetAllocHook.
 */
HALDE_CRTAPI _CRT_ALLOC_HOOK __cdecl _CrtGetAllocHook(void);
HALDE_CRTAPI _CRT_ALLOC_HOOK __cdecl _CrtSetAllocHook(_CRT_ALLOC_HOOK hook);

/** Allows every operation: returns 1. */
HALDE_CRTAPI int __cdecl _CrtDefaultAllocHook(int operation, void *block, size_t size,
    int block_use, long request, const unsigned char *file, int line);

/** The function that dumps CLIENT blocks; NULL at first. Source: _CrtSetDumpClient. */
HALDE_CRTAPI _CRT_DUMP_CLIENT __cdecl _CrtGetDumpClient(void);
HALDE_CRTAPI _CRT_DUMP_CLIENT __cdecl _CrtSetDumpClient(_CRT_DUMP_CLIENT dump);

/** Changes the type of a live block; of anything else nothing. */
HALDE_CRTAPI void __cdecl _CrtSetDbgBlockType(void *block, int block_use);

/**
 * What the calling thread allocates between the two is ignored, as with _CRTDBG_ALLOC_MEM_DF clear,
 * but other threads are not concerned.  Scopes nest.  An extension.
 */
HALDE_CRTAPI void __cdecl halde_ignore_blocks_begin(void);
HALDE_CRTAPI void __cdecl halde_ignore_blocks_end(void);

/**
 * From now on each operation of the debug heap checks the next `count` blocks of a round through
 * all of them (at most 4096), in place of what the flag's upper half asks for; 0: as before.  So
 * the cost of an operation is bounded.  An extension.
 * @return the count before
 */
HALDE_CRTAPI size_t __cdecl halde_set_incremental_check(size_t count);

// ---- Questions --------------------------------------------------------------------------------

/** Checks every block: 1, or 0 after reports. 1 at once while nothing is tracked. Source:
 * _CrtCheckMemory. */
HALDE_CRTAPI int __cdecl _CrtCheckMemory(void);

typedef void(__cdecl *_CrtDoForAllClientObjectsCallback)(void *block, void *context);

/** Calls back for each CLIENT block, newest first. Source: _CrtDoForAllClientObjects. */
HALDE_CRTAPI void __cdecl _CrtDoForAllClientObjects(
    _CrtDoForAllClientObjectsCallback callback, void *context);

/** Whether the pointer is not NULL; the rest is ignored. Source: _CrtIsValidPointer. */
HALDE_CRTAPI int __cdecl _CrtIsValidPointer(const void *pointer, unsigned size, int is_writable);

/** Whether the pointer is the start of a live block. Source: _CrtIsValidHeapPointer. */
HALDE_CRTAPI int __cdecl _CrtIsValidHeapPointer(const void *pointer);

/** Whether a live block of exactly this size starts here. What is not NULL receives its request
 * number and where it was allocated. Source: _CrtIsMemoryBlock. */
HALDE_CRTAPI int __cdecl _CrtIsMemoryBlock(
    const void *pointer, unsigned size, long *request, char **file, int *line);

/** Type and subtype of a block, -1 if it is none. Source: _CrtReportBlockType. */
HALDE_CRTAPI int __cdecl _CrtReportBlockType(const void *pointer);

/** Takes the state. Source: _CrtMemCheckpoint. */
HALDE_CRTAPI void __cdecl _CrtMemCheckpoint(_CrtMemState *state);

/** difference = newer - older; 1 if blocks that count differ. Source: _CrtMemDifference. */
HALDE_CRTAPI int __cdecl _CrtMemDifference(
    _CrtMemState *difference, const _CrtMemState *older, const _CrtMemState *newer);

/** Reports all live blocks that are newer than the state; NULL: all. Source:
 * _CrtMemDumpAllObjectsSince. */
HALDE_CRTAPI void __cdecl _CrtMemDumpAllObjectsSince(const _CrtMemState *state);

/** Reports a state or a difference. Source: _CrtMemDumpStatistics. */
HALDE_CRTAPI void __cdecl _CrtMemDumpStatistics(const _CrtMemState *state);

/** Reports all live blocks, if any: 1, else 0. Source: _CrtDumpMemoryLeaks. */
HALDE_CRTAPI int __cdecl _CrtDumpMemoryLeaks(void);

// ---- Allocation with type, file and line ------------------------------------------------------

// `file` is kept as a pointer, not copied; NULL: unknown.  Otherwise as the functions without _dbg.

HALDE_CRTAPI void *__cdecl _malloc_dbg(size_t size, int block_use, const char *file, int line);
HALDE_CRTAPI void *__cdecl _calloc_dbg(
    size_t count, size_t size, int block_use, const char *file, int line);
HALDE_CRTAPI void *__cdecl _realloc_dbg(
    void *block, size_t size, int block_use, const char *file, int line);
HALDE_CRTAPI void *__cdecl _recalloc_dbg(
    void *block, size_t count, size_t size, int block_use, const char *file, int line);
HALDE_CRTAPI void *__cdecl _expand_dbg(
    void *block, size_t size, int block_use, const char *file, int line);
/** _UNKNOWN_BLOCK: whatever type the block has. Source: _free_dbg. */
HALDE_CRTAPI void __cdecl _free_dbg(void *block, int block_use);
HALDE_CRTAPI size_t __cdecl _msize_dbg(void *block, int block_use);

HALDE_CRTAPI void *__cdecl _aligned_malloc_dbg(
    size_t size, size_t alignment, const char *file, int line);
HALDE_CRTAPI void *__cdecl _aligned_realloc_dbg(
    void *block, size_t size, size_t alignment, const char *file, int line);
HALDE_CRTAPI void *__cdecl _aligned_recalloc_dbg(
    void *block, size_t count, size_t size, size_t alignment, const char *file, int line);
HALDE_CRTAPI void *__cdecl _aligned_offset_malloc_dbg(
    size_t size, size_t alignment, size_t offset, const char *file, int line);
HALDE_CRTAPI void *__cdecl _aligned_offset_realloc_dbg(
    void *block, size_t size, size_t alignment, size_t offset, const char *file, int line);
HALDE_CRTAPI void *__cdecl _aligned_offset_recalloc_dbg(void *block, size_t count, size_t size,
    size_t alignment, size_t offset, const char *file, int line);
HALDE_CRTAPI size_t __cdecl _aligned_msize_dbg(void *block, size_t alignment, size_t offset);
HALDE_CRTAPI void __cdecl _aligned_free_dbg(void *block);

HALDE_CRTAPI char *__cdecl _strdup_dbg(
    const char *string, int block_use, const char *file, int line);
HALDE_CRTAPI wchar_t *__cdecl _wcsdup_dbg(
    const wchar_t *string, int block_use, const char *file, int line);
HALDE_CRTAPI char *__cdecl _tempnam_dbg(
    const char *folder, const char *prefix, int block_use, const char *file, int line);
HALDE_CRTAPI wchar_t *__cdecl _wtempnam_dbg(
    const wchar_t *folder, const wchar_t *prefix, int block_use, const char *file, int line);
HALDE_CRTAPI char *__cdecl _fullpath_dbg(
    char *buffer, const char *path, size_t size, int block_use, const char *file, int line);
HALDE_CRTAPI wchar_t *__cdecl _wfullpath_dbg(
    wchar_t *buffer, const wchar_t *path, size_t size, int block_use, const char *file, int line);
HALDE_CRTAPI char *__cdecl _getcwd_dbg(
    char *buffer, int size, int block_use, const char *file, int line);
HALDE_CRTAPI wchar_t *__cdecl _wgetcwd_dbg(
    wchar_t *buffer, int size, int block_use, const char *file, int line);
HALDE_CRTAPI char *__cdecl _getdcwd_dbg(
    int drive, char *buffer, int size, int block_use, const char *file, int line);
HALDE_CRTAPI wchar_t *__cdecl _wgetdcwd_dbg(
    int drive, wchar_t *buffer, int size, int block_use, const char *file, int line);
HALDE_CRTAPI errno_t __cdecl _dupenv_s_dbg(
    char **value, size_t *size, const char *name, int block_use, const char *file, int line);
HALDE_CRTAPI errno_t __cdecl _wdupenv_s_dbg(
    wchar_t **value, size_t *size, const wchar_t *name, int block_use, const char *file, int line);

#define _malloca_dbg(size, block_use, file, line) _malloc_dbg(size, block_use, file, line)
#define _freea_dbg(block, block_use) _free_dbg(block, block_use)

// ---- Reports ----------------------------------------------------------------------------------

/**
 * Reports: hooks, then file, debugger's channel and window, as the mode of the type says.
 *
 * @param type    _CRT_WARN, _CRT_ERROR, _CRT_ASSERT
 * @param file    NULL: unknown
 * @param module  name of the library, for the window only; may be NULL
 * @param format  Microsoft's conversions; may be NULL
 * @return 0: go on; 1: the caller should break into the debugger; -1: bad type, or an assertion
 *         within an assertion
 * `errno` is kept.  A message above 4075 characters is replaced by a sentence that says so.
 * Source: _CrtDbgReport, _CrtDbgReportW.
 */
HALDE_CRTAPI int __cdecl _CrtDbgReport(
    int type, const char *file, int line, const char *module, const char *format, ...);
HALDE_CRTAPI int __cdecl _CrtDbgReportW(
    int type, const wchar_t *file, int line, const wchar_t *module, const wchar_t *format, ...);
HALDE_CRTAPI int __cdecl _VCrtDbgReportA(int type, void *return_address, const char *file, int line,
    const char *module, const char *format, va_list args);
HALDE_CRTAPI int __cdecl _VCrtDbgReportW(int type, void *return_address, const wchar_t *file,
    int line, const wchar_t *module, const wchar_t *format, va_list args);

/**
 * Sets what a type of report does.
 * @param mode  _CRTDBG_MODE_... bits, 0 for silence, or _CRTDBG_REPORT_MODE to ask
 * @return the mode before; -1 and errno EINVAL for a bad type or mode.  Source: _CrtSetReportMode.
 */
HALDE_CRTAPI int __cdecl _CrtSetReportMode(int type, int mode);

/**
 * Sets the file of a type of report, for _CRTDBG_MODE_FILE. It stays the caller's.
 * @return the file before; _CRTDBG_HFILE_ERROR and errno EINVAL for a bad type.
 * Source: _CrtSetReportFile.
 */
HALDE_CRTAPI _HFILE __cdecl _CrtSetReportFile(int type, _HFILE file);

/** The one hook that is called last; NULL removes it; returns the one before. Source:
 * _CrtSetReportHook. */
HALDE_CRTAPI _CRT_REPORT_HOOK __cdecl _CrtSetReportHook(_CRT_REPORT_HOOK hook);
HALDE_CRTAPI _CRT_REPORT_HOOK __cdecl _CrtGetReportHook(void);

/**
 * Installs a hook (the newest is called first), or removes it: it goes when it has been removed as
 * often as installed.
 * @return how often it is installed now; -1 with errno EINVAL or ENOMEM.  Source:
 * _CrtSetReportHook2, _CrtSetReportHookW2.
 */
HALDE_CRTAPI int __cdecl _CrtSetReportHook2(int mode, _CRT_REPORT_HOOK hook);
HALDE_CRTAPI int __cdecl _CrtSetReportHookW2(int mode, _CRT_REPORT_HOOKW hook);

/** Assertions that are being reported, less one. Source: _crtAssertBusy. */
HALDE_CRTAPI extern int _crtAssertBusy;

/** The fill of the `_s` string functions: at most so many characters. Source:
 * _CrtSetDebugFillThreshold. */
HALDE_CRTAPI size_t __cdecl _CrtSetDebugFillThreshold(size_t threshold);
HALDE_CRTAPI size_t __cdecl _CrtGetDebugFillThreshold(void);

HALDE_EXTERN_C_END

// ---- Break, assertions, report macros ---------------------------------------------------------

// In the caller's function, so that the debugger stops there.
static __inline__ __attribute__((__always_inline__, __artificial__, __unused__)) void
halde_debug_break(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __asm__ volatile("int3");
#elif defined(__aarch64__)
    __asm__ volatile("brk #0xF000");
#else
    __builtin_trap();
#endif
}

#ifndef __debugbreak
#define __debugbreak() halde_debug_break()
#endif
#define _CrtDbgBreak() halde_debug_break()

#ifndef _ASSERT_EXPR
#define _ASSERT_EXPR(expression, message)                                                          \
    ((expression) ? (void)0                                                                        \
                  : (void)(_CrtDbgReportW(_CRT_ASSERT, _CRT_WIDE(__FILE__), __LINE__, NULL,        \
                               L"%ls", message) == 1 &&                                            \
                           (_CrtDbgBreak(), 1)))
#endif
#ifndef _ASSERT
#define _ASSERT(expression) _ASSERT_EXPR((expression), NULL)
#endif
#ifndef _ASSERTE
#define _ASSERTE(expression) _ASSERT_EXPR((expression), _CRT_WIDE(#expression))
#endif
#ifndef _ASSERT_BASE
#define _ASSERT_BASE _ASSERT_EXPR
#endif
#define _ASSERT_AND_INVOKE_WATSON(expression)                                                      \
    ((expression)                                                                                  \
            ? (void)0                                                                              \
            : (_ASSERT_EXPR(0, _CRT_WIDE(#expression)),                                            \
                  _invoke_watson(_CRT_WIDE(#expression), NULL, _CRT_WIDE(__FILE__), __LINE__, 0)))

#define _RPT_BASE(...) ((void)(_CrtDbgReport(__VA_ARGS__) == 1 && (_CrtDbgBreak(), 1)))
#define _RPT_BASE_W(...) ((void)(_CrtDbgReportW(__VA_ARGS__) == 1 && (_CrtDbgBreak(), 1)))

#define _RPT0(type, message) _RPT_BASE(type, NULL, 0, NULL, "%s", message)
#define _RPTN(type, format, ...) _RPT_BASE(type, NULL, 0, NULL, format, __VA_ARGS__)
#define _RPTW0(type, message) _RPT_BASE_W(type, NULL, 0, NULL, L"%ls", message)
#define _RPTWN(type, format, ...) _RPT_BASE_W(type, NULL, 0, NULL, format, __VA_ARGS__)
#define _RPTF0(type, message) _RPT_BASE(type, __FILE__, __LINE__, NULL, "%s", message)
#define _RPTFN(type, format, ...) _RPT_BASE(type, __FILE__, __LINE__, NULL, format, __VA_ARGS__)
#define _RPTFW0(type, message)                                                                     \
    _RPT_BASE_W(type, _CRT_WIDE(__FILE__), __LINE__, NULL, L"%ls", message)
#define _RPTFWN(type, format, ...)                                                                 \
    _RPT_BASE_W(type, _CRT_WIDE(__FILE__), __LINE__, NULL, format, __VA_ARGS__)

#else // ---- Without _DEBUG --------------------------------------------------------------------

// What the functions below return.  As calls: a bare value is "a statement without effect" to the
// warnings of compilers.
#define HALDE_RELEASE_VALUE(name, type, value)                                                     \
    static __inline__ __attribute__((__always_inline__, __artificial__, __unused__))               \
    type halde_release_##name(void)                                                                \
    {                                                                                              \
        return value;                                                                              \
    }
HALDE_RELEASE_VALUE(zero, int, 0)
HALDE_RELEASE_VALUE(one, int, 1)
HALDE_RELEASE_VALUE(minus_one, int, -1)
HALDE_RELEASE_VALUE(long, long, 0)
HALDE_RELEASE_VALUE(size, size_t, 0)
HALDE_RELEASE_VALUE(file, _HFILE, 0)
HALDE_RELEASE_VALUE(alloc_hook, _CRT_ALLOC_HOOK, 0)
HALDE_RELEASE_VALUE(dump_client, _CRT_DUMP_CLIENT, 0)
HALDE_RELEASE_VALUE(report_hook, _CRT_REPORT_HOOK, 0)
#undef HALDE_RELEASE_VALUE

#define _CrtGetAllocHook() halde_release_alloc_hook()
#define _CrtSetAllocHook(hook) halde_release_alloc_hook()
#define _CrtGetDumpClient() halde_release_dump_client()
#define _CrtSetDumpClient(dump) halde_release_dump_client()
#define _CrtCheckMemory() halde_release_one()
#define _CrtDoForAllClientObjects(callback, context) ((void)0)
#define _CrtDumpMemoryLeaks() halde_release_zero()
#define _CrtIsMemoryBlock(pointer, size, request, file, line) halde_release_one()
#define _CrtIsValidHeapPointer(pointer) halde_release_one()
#define _CrtIsValidPointer(pointer, size, is_writable) halde_release_one()
#define _CrtMemCheckpoint(state) ((void)0)
#define _CrtMemDifference(difference, older, newer) halde_release_zero()
#define _CrtMemDumpAllObjectsSince(state) ((void)0)
#define _CrtMemDumpStatistics(state) ((void)0)
#define _CrtReportBlockType(pointer) halde_release_minus_one()
#define _CrtSetBreakAlloc(request) halde_release_long()
#define _CrtSetDbgFlag(flag) halde_release_zero()
#define _CrtSetDebugFillThreshold(threshold) halde_release_size()
#define _CrtSetReportFile(type, file) halde_release_file()
#define _CrtSetReportHook(hook) halde_release_report_hook()
#define _CrtGetReportHook() halde_release_report_hook()
#define _CrtSetReportHook2(mode, hook) halde_release_zero()
#define _CrtSetReportHookW2(mode, hook) halde_release_zero()
#define _CrtSetReportMode(type, mode) halde_release_zero()
#define _CrtSetDbgBlockType(block, block_use) ((void)0)
#define halde_ignore_blocks_begin() ((void)0)
#define halde_ignore_blocks_end() ((void)0)
#define halde_set_incremental_check(count) halde_release_size()

#define _malloc_dbg(size, block_use, file, line) malloc(size)
#define _calloc_dbg(count, size, block_use, file, line) calloc(count, size)
#define _realloc_dbg(block, size, block_use, file, line) realloc(block, size)
#define _recalloc_dbg(block, count, size, block_use, file, line) _recalloc(block, count, size)
#define _expand_dbg(block, size, block_use, file, line) _expand(block, size)
#define _free_dbg(block, block_use) free(block)
#define _msize_dbg(block, block_use) _msize(block)
#define _aligned_malloc_dbg(size, alignment, file, line) _aligned_malloc(size, alignment)
#define _aligned_realloc_dbg(block, size, alignment, file, line)                                   \
    _aligned_realloc(block, size, alignment)
#define _aligned_recalloc_dbg(block, count, size, alignment, file, line)                           \
    _aligned_recalloc(block, count, size, alignment)
#define _aligned_offset_malloc_dbg(size, alignment, offset, file, line)                            \
    _aligned_offset_malloc(size, alignment, offset)
#define _aligned_offset_realloc_dbg(block, size, alignment, offset, file, line)                    \
    _aligned_offset_realloc(block, size, alignment, offset)
#define _aligned_offset_recalloc_dbg(block, count, size, alignment, offset, file, line)            \
    _aligned_offset_recalloc(block, count, size, alignment, offset)
#define _aligned_msize_dbg(block, alignment, offset) _aligned_msize(block, alignment, offset)
#define _aligned_free_dbg(block) _aligned_free(block)
#define _malloca_dbg(size, block_use, file, line) _malloca(size)
#define _freea_dbg(block, block_use) _freea(block)
#define _strdup_dbg(string, block_use, file, line) _strdup(string)
#define _mbsdup_dbg(string, block_use, file, line) _mbsdup(string)
#define _wcsdup_dbg(string, block_use, file, line) _wcsdup(string)
#define _tempnam_dbg(folder, prefix, block_use, file, line) _tempnam(folder, prefix)
#define _wtempnam_dbg(folder, prefix, block_use, file, line) _wtempnam(folder, prefix)
#define _fullpath_dbg(buffer, path, size, block_use, file, line) _fullpath(buffer, path, size)
#define _wfullpath_dbg(buffer, path, size, block_use, file, line) _wfullpath(buffer, path, size)
#define _getcwd_dbg(buffer, size, block_use, file, line) _getcwd(buffer, size)
#define _wgetcwd_dbg(buffer, size, block_use, file, line) _wgetcwd(buffer, size)
#define _getdcwd_dbg(drive, buffer, size, block_use, file, line) _getdcwd(drive, buffer, size)
#define _wgetdcwd_dbg(drive, buffer, size, block_use, file, line) _wgetdcwd(drive, buffer, size)
#define _getdcwd_lk_dbg(drive, buffer, size, block_use, file, line) _getdcwd(drive, buffer, size)
#define _wgetdcwd_lk_dbg(drive, buffer, size, block_use, file, line) _wgetdcwd(drive, buffer, size)
#define _dupenv_s_dbg(value, size, name, block_use, file, line) _dupenv_s(value, size, name)
#define _wdupenv_s_dbg(value, size, name, block_use, file, line) _wdupenv_s(value, size, name)

#ifndef __debugbreak
#if defined(__x86_64__) || defined(__i386__)
#define __debugbreak() __extension__({ __asm__ volatile("int3"); })
#else
#define __debugbreak() __builtin_trap()
#endif
#endif
#define _CrtDbgBreak() ((void)0)

#ifndef _ASSERT_EXPR
#define _ASSERT_EXPR(expression, message) ((void)0)
#endif
#ifndef _ASSERT
#define _ASSERT(expression) ((void)0)
#endif
#ifndef _ASSERTE
#define _ASSERTE(expression) ((void)0)
#endif
#ifndef _ASSERT_BASE
#define _ASSERT_BASE _ASSERT_EXPR
#endif
#define _ASSERT_AND_INVOKE_WATSON(expression)                                                      \
    ((expression) ? (void)0 : _invoke_watson(NULL, NULL, NULL, 0, 0))

#define _RPT0(type, message) ((void)0)
#define _RPTN(type, format, ...) ((void)0)
#define _RPTW0(type, message) ((void)0)
#define _RPTWN(type, format, ...) ((void)0)
#define _RPTF0(type, message) ((void)0)
#define _RPTFN(type, format, ...) ((void)0)
#define _RPTFW0(type, message) ((void)0)
#define _RPTFWN(type, format, ...) ((void)0)

#endif // _DEBUG

// Each takes its number of arguments; that they are counted is of no use to anybody.
#define _RPT1 _RPTN
#define _RPT2 _RPTN
#define _RPT3 _RPTN
#define _RPT4 _RPTN
#define _RPT5 _RPTN
#define _RPTW1 _RPTWN
#define _RPTW2 _RPTWN
#define _RPTW3 _RPTWN
#define _RPTW4 _RPTWN
#define _RPTW5 _RPTWN
#define _RPTF1 _RPTFN
#define _RPTF2 _RPTFN
#define _RPTF3 _RPTFN
#define _RPTF4 _RPTFN
#define _RPTF5 _RPTFN
#define _RPTFW1 _RPTFWN
#define _RPTFW2 _RPTFWN
#define _RPTFW3 _RPTFWN
#define _RPTFW4 _RPTFWN
#define _RPTFW5 _RPTFWN

// ---- C++: new with type, file and line --------------------------------------------------------

#if defined(_DEBUG) && defined(__cplusplus) && !defined(_MFC_OVERRIDES_NEW)
HALDE_CRTAPI void *operator new(std::size_t size, int block_use, const char *file, int line);
HALDE_CRTAPI void *operator new[](std::size_t size, int block_use, const char *file, int line);
// Called only when a constructor throws.
HALDE_CRTAPI void operator delete(
    void *block, int block_use, const char *file, int line) HALDE_NOEXCEPT;
HALDE_CRTAPI void operator delete[](
    void *block, int block_use, const char *file, int line) HALDE_NOEXCEPT;
#ifdef __cpp_aligned_new
HALDE_CRTAPI void *operator new(
    std::size_t size, std::align_val_t alignment, int block_use, const char *file, int line);
HALDE_CRTAPI void *operator new[](
    std::size_t size, std::align_val_t alignment, int block_use, const char *file, int line);
HALDE_CRTAPI void operator delete(void *block, std::align_val_t alignment, int block_use,
    const char *file, int line) HALDE_NOEXCEPT;
HALDE_CRTAPI void operator delete[](void *block, std::align_val_t alignment, int block_use,
    const char *file, int line) HALDE_NOEXCEPT;
#endif
#endif

// ---- _CRTDBG_MAP_ALLOC ------------------------------------------------------------------------

#if defined(_DEBUG) && defined(_CRTDBG_MAP_ALLOC)

#ifdef __cplusplus
// std::malloc(n) becomes std::_malloc_dbg(n, ...).
namespace std
{
using ::_calloc_dbg;
using ::_free_dbg;
using ::_malloc_dbg;
using ::_realloc_dbg;
} // namespace std
#endif

#undef malloc
#undef calloc
#undef realloc
#undef _recalloc
#undef _expand
#undef _msize
#undef _malloca
#undef _freea
#undef _aligned_malloc
#undef _aligned_realloc
#undef _aligned_recalloc
#undef _aligned_offset_malloc
#undef _aligned_offset_realloc
#undef _aligned_offset_recalloc
#undef _aligned_msize
#undef _aligned_free
#undef _strdup
#undef _mbsdup
#undef _wcsdup
#undef _tempnam
#undef _wtempnam
#undef _fullpath
#undef _wfullpath
#undef _getcwd
#undef _wgetcwd
#undef _getdcwd
#undef _wgetdcwd
#undef _dupenv_s
#undef _wdupenv_s

#define HALDE_NORMAL_HERE _NORMAL_BLOCK, __FILE__, __LINE__

#define malloc(size) _malloc_dbg(size, HALDE_NORMAL_HERE)
#define calloc(count, size) _calloc_dbg(count, size, HALDE_NORMAL_HERE)
#define realloc(block, size) _realloc_dbg(block, size, HALDE_NORMAL_HERE)
#define _recalloc(block, count, size) _recalloc_dbg(block, count, size, HALDE_NORMAL_HERE)
#define _expand(block, size) _expand_dbg(block, size, HALDE_NORMAL_HERE)
#ifndef HALDE_NO_MAP_FREE
#undef free
#define free(block) _free_dbg(block, _NORMAL_BLOCK)
#endif
#define _msize(block) _msize_dbg(block, _NORMAL_BLOCK)
#define _malloca(size) _malloca_dbg(size, _NORMAL_BLOCK, __FILE__, __LINE__)
#define _freea(block) _freea_dbg(block, _NORMAL_BLOCK)

#define _aligned_malloc(size, alignment) _aligned_malloc_dbg(size, alignment, __FILE__, __LINE__)
#define _aligned_realloc(block, size, alignment)                                                   \
    _aligned_realloc_dbg(block, size, alignment, __FILE__, __LINE__)
#define _aligned_recalloc(block, count, size, alignment)                                           \
    _aligned_recalloc_dbg(block, count, size, alignment, __FILE__, __LINE__)
#define _aligned_offset_malloc(size, alignment, offset)                                            \
    _aligned_offset_malloc_dbg(size, alignment, offset, __FILE__, __LINE__)
#define _aligned_offset_realloc(block, size, alignment, offset)                                    \
    _aligned_offset_realloc_dbg(block, size, alignment, offset, __FILE__, __LINE__)
#define _aligned_offset_recalloc(block, count, size, alignment, offset)                            \
    _aligned_offset_recalloc_dbg(block, count, size, alignment, offset, __FILE__, __LINE__)
#define _aligned_msize(block, alignment, offset) _aligned_msize_dbg(block, alignment, offset)
#define _aligned_free(block) _aligned_free_dbg(block)

#define _strdup(string) _strdup_dbg(string, HALDE_NORMAL_HERE)
#define _mbsdup(string) _strdup_dbg(string, HALDE_NORMAL_HERE)
#define _wcsdup(string) _wcsdup_dbg(string, HALDE_NORMAL_HERE)
#define _tempnam(folder, prefix) _tempnam_dbg(folder, prefix, HALDE_NORMAL_HERE)
#define _wtempnam(folder, prefix) _wtempnam_dbg(folder, prefix, HALDE_NORMAL_HERE)
#define _fullpath(buffer, path, size) _fullpath_dbg(buffer, path, size, HALDE_NORMAL_HERE)
#define _wfullpath(buffer, path, size) _wfullpath_dbg(buffer, path, size, HALDE_NORMAL_HERE)
#define _getcwd(buffer, size) _getcwd_dbg(buffer, size, HALDE_NORMAL_HERE)
#define _wgetcwd(buffer, size) _wgetcwd_dbg(buffer, size, HALDE_NORMAL_HERE)
#define _getdcwd(drive, buffer, size) _getdcwd_dbg(drive, buffer, size, HALDE_NORMAL_HERE)
#define _wgetdcwd(drive, buffer, size) _wgetdcwd_dbg(drive, buffer, size, HALDE_NORMAL_HERE)
#define _dupenv_s(value, size, name) _dupenv_s_dbg(value, size, name, HALDE_NORMAL_HERE)
#define _wdupenv_s(value, size, name) _wdupenv_s_dbg(value, size, name, HALDE_NORMAL_HERE)

#if !defined(_CRT_DECLARE_NONSTDC_NAMES) || _CRT_DECLARE_NONSTDC_NAMES
#undef strdup
#undef wcsdup
#undef tempnam
#undef getcwd
#define strdup(string) _strdup_dbg(string, HALDE_NORMAL_HERE)
#define wcsdup(string) _wcsdup_dbg(string, HALDE_NORMAL_HERE)
#define tempnam(folder, prefix) _tempnam_dbg(folder, prefix, HALDE_NORMAL_HERE)
#define getcwd(buffer, size) _getcwd_dbg(buffer, (int)(size), HALDE_NORMAL_HERE)
#endif

#endif // _CRTDBG_MAP_ALLOC

#endif
