// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Every name of the specification's appendix A: constants have their values, types and macros can
// be used, functions and variables link.  The same file is compiled without _DEBUG by
// appendix_a_release.c, where the names are constants or the base functions.

#include <crtdbg.h>
#include <malloc.h>
#include <new.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- Constants --------------------------------------------------------------------------------

#define CHECK_VALUE(name, value) _Static_assert((name) == (value), #name)
CHECK_VALUE(_CRT_WARN, 0);
CHECK_VALUE(_CRT_ERROR, 1);
CHECK_VALUE(_CRT_ASSERT, 2);
CHECK_VALUE(_CRT_ERRCNT, 3);
CHECK_VALUE(_CRTDBG_MODE_FILE, 1);
CHECK_VALUE(_CRTDBG_MODE_DEBUG, 2);
CHECK_VALUE(_CRTDBG_MODE_WNDW, 4);
CHECK_VALUE(_CRTDBG_REPORT_MODE, -1);
CHECK_VALUE(_CRT_RPTHOOK_INSTALL, 0);
CHECK_VALUE(_CRT_RPTHOOK_REMOVE, 1);
CHECK_VALUE(_HOOK_ALLOC, 1);
CHECK_VALUE(_HOOK_REALLOC, 2);
CHECK_VALUE(_HOOK_FREE, 3);
CHECK_VALUE(_CRTDBG_ALLOC_MEM_DF, 0x01);
CHECK_VALUE(_CRTDBG_DELAY_FREE_MEM_DF, 0x02);
CHECK_VALUE(_CRTDBG_CHECK_ALWAYS_DF, 0x04);
CHECK_VALUE(_CRTDBG_RESERVED_DF, 0x08);
CHECK_VALUE(_CRTDBG_CHECK_CRT_DF, 0x10);
CHECK_VALUE(_CRTDBG_LEAK_CHECK_DF, 0x20);
CHECK_VALUE(_CRTDBG_CHECK_EVERY_16_DF, 0x00100000);
CHECK_VALUE(_CRTDBG_CHECK_EVERY_128_DF, 0x00800000);
CHECK_VALUE(_CRTDBG_CHECK_EVERY_1024_DF, 0x04000000);
CHECK_VALUE(_CRTDBG_CHECK_DEFAULT_DF, 0);
CHECK_VALUE(_CRTDBG_REPORT_FLAG, -1);
CHECK_VALUE(_FREE_BLOCK, 0);
CHECK_VALUE(_NORMAL_BLOCK, 1);
CHECK_VALUE(_CRT_BLOCK, 2);
CHECK_VALUE(_IGNORE_BLOCK, 3);
CHECK_VALUE(_CLIENT_BLOCK, 4);
CHECK_VALUE(_MAX_BLOCKS, 5);
CHECK_VALUE(_UNKNOWN_BLOCK, -1);
CHECK_VALUE(_BLOCK_TYPE(0x00050004), 4);
CHECK_VALUE(_BLOCK_SUBTYPE(0x00050004), 5);
CHECK_VALUE(_HEAPEMPTY, -1);
CHECK_VALUE(_HEAPOK, -2);
CHECK_VALUE(_HEAPBADBEGIN, -3);
CHECK_VALUE(_HEAPBADNODE, -4);
CHECK_VALUE(_HEAPEND, -5);
CHECK_VALUE(_HEAPBADPTR, -6);
CHECK_VALUE(_FREEENTRY, 0);
CHECK_VALUE(_USEDENTRY, 1);
CHECK_VALUE(_HEAP_MAXREQ, 0xFFFFFFFFFFFFFFE0);
CHECK_VALUE(_OUT_TO_DEFAULT, 0);
CHECK_VALUE(_OUT_TO_STDERR, 1);
CHECK_VALUE(_OUT_TO_MSGBOX, 2);
CHECK_VALUE(_REPORT_ERRMODE, 3);
CHECK_VALUE(_WRITE_ABORT_MSG, 1);
CHECK_VALUE(_CALL_REPORTFAULT, 2);
CHECK_VALUE(sizeof(_CrtMemState), 104);
CHECK_VALUE(sizeof(_HEAPINFO), 24);

// ---- Types ------------------------------------------------------------------------------------

static _HFILE a_file;
static _CRT_REPORT_HOOK a_report_hook;
static _CRT_REPORT_HOOKW a_wide_report_hook;
static _CRT_ALLOC_HOOK an_alloc_hook;
static _CRT_DUMP_CLIENT a_dump_client;
static _PNH a_new_handler;

// ---- Functions and variables ------------------------------------------------------------------

static int failures;

static void use_at(int condition, int line)
{
    if (!condition) {
        fprintf(stderr, "%s(%d): not as it should be\n", __FILE__, line);
        failures++;
    }
}
#define use(condition) use_at((condition), __LINE__)

static void use_handles(void)
{
    use(_CRTDBG_INVALID_HFILE == (_HFILE)(intptr_t)-1);
    use(_CRTDBG_HFILE_ERROR == (_HFILE)(intptr_t)-2);
    use(_CRTDBG_FILE_STDOUT == (_HFILE)(intptr_t)-4);
    use(_CRTDBG_FILE_STDERR == (_HFILE)(intptr_t)-5);
    use(_CRTDBG_REPORT_FILE == (_HFILE)(intptr_t)-6);
    use(a_file == NULL && a_report_hook == NULL && a_wide_report_hook == NULL);
    use(an_alloc_hook == NULL && a_dump_client == NULL && a_new_handler == NULL);
}

static void use_state(void)
{
    _CrtMemState state;
    memset(&state, 0, sizeof(state));
    (void)_CrtSetAllocHook(_CrtGetAllocHook());
    (void)_CrtSetDumpClient(_CrtGetDumpClient());
    use(_CrtCheckMemory() == 1 && _CrtIsValidPointer(&state, 1, 1) == 1);
    (void)_CrtIsValidHeapPointer(&state);
    (void)_CrtIsMemoryBlock(&state, 1, NULL, NULL, NULL);
    _CrtMemCheckpoint(&state);
    _CrtMemDumpStatistics(&state);
    _CrtMemDumpAllObjectsSince(&state);
    use(_CrtMemDifference(&state, &state, &state) == 0);
    use(_CrtDumpMemoryLeaks() == 0);
    use(_CrtReportBlockType(NULL) == -1);
    (void)_CrtSetDbgFlag(_CRTDBG_REPORT_FLAG);
    (void)_CrtSetBreakAlloc(-1);
    (void)_CrtSetDbgBlockType(NULL, _NORMAL_BLOCK);
}

static void use_reports(void)
{
    (void)_CrtSetReportMode(_CRT_WARN, _CRTDBG_REPORT_MODE);
    (void)_CrtSetReportFile(_CRT_WARN, _CRTDBG_REPORT_FILE);
    (void)_CrtSetReportHook(_CrtGetReportHook());
    (void)_CrtSetDebugFillThreshold((size_t)-1);
    _RPT0(_CRT_WARN, "");
    _RPTN(_CRT_WARN, "%s", "");
    _RPT1(_CRT_WARN, "%s", "");
    _RPT2(_CRT_WARN, "%s%s", "", "");
    _RPT3(_CRT_WARN, "%s%s%s", "", "", "");
    _RPT4(_CRT_WARN, "%s%s%s%s", "", "", "", "");
    _RPT5(_CRT_WARN, "%s%s%s%s%s", "", "", "", "", "");
    _RPTF0(_CRT_WARN, "");
    _RPTFN(_CRT_WARN, "%s", "");
    _RPTF1(_CRT_WARN, "%s", "");
    _RPTF2(_CRT_WARN, "%s%s", "", "");
    _RPTF3(_CRT_WARN, "%s%s%s", "", "", "");
    _RPTF4(_CRT_WARN, "%s%s%s%s", "", "", "", "");
    _RPTF5(_CRT_WARN, "%s%s%s%s%s", "", "", "", "", "");
    _RPTW0(_CRT_WARN, L"");
    _RPTWN(_CRT_WARN, L"%s", L"");
    _RPTW1(_CRT_WARN, L"%s", L"");
    _RPTW2(_CRT_WARN, L"%s%s", L"", L"");
    _RPTW3(_CRT_WARN, L"%s%s%s", L"", L"", L"");
    _RPTW4(_CRT_WARN, L"%s%s%s%s", L"", L"", L"", L"");
    _RPTW5(_CRT_WARN, L"%s%s%s%s%s", L"", L"", L"", L"", L"");
    _RPTFW0(_CRT_WARN, L"");
    _RPTFWN(_CRT_WARN, L"%s", L"");
    _RPTFW1(_CRT_WARN, L"%s", L"");
    _RPTFW2(_CRT_WARN, L"%s%s", L"", L"");
    _RPTFW3(_CRT_WARN, L"%s%s%s", L"", L"", L"");
    _RPTFW4(_CRT_WARN, L"%s%s%s%s", L"", L"", L"", L"");
    _RPTFW5(_CRT_WARN, L"%s%s%s%s%s", L"", L"", L"", L"", L"");
    _ASSERT(1);
    _ASSERTE(1);
    _ASSERT_EXPR(1, L"message");
    _ASSERT_BASE(1, L"message");
    _ASSERT_AND_INVOKE_WATSON(1);
    if (failures > 1000) {
        _CrtDbgBreak();
    }
}

static void use_blocks(void)
{
    void *block = _malloc_dbg(10, _NORMAL_BLOCK, __FILE__, __LINE__);
    use(_msize_dbg(block, _NORMAL_BLOCK) == 10);
    block = _realloc_dbg(block, 20, _NORMAL_BLOCK, __FILE__, __LINE__);
    block = _recalloc_dbg(block, 3, 10, _NORMAL_BLOCK, __FILE__, __LINE__);
    use(_expand_dbg(block, 30, _NORMAL_BLOCK, __FILE__, __LINE__) == block);
    _free_dbg(block, _NORMAL_BLOCK);
    _free_dbg(_calloc_dbg(2, 5, _NORMAL_BLOCK, __FILE__, __LINE__), _NORMAL_BLOCK);
    block = _malloca_dbg(10, _NORMAL_BLOCK, __FILE__, __LINE__);
    _freea_dbg(block, _NORMAL_BLOCK);
    block = _aligned_malloc_dbg(10, 64, __FILE__, __LINE__);
    block = _aligned_realloc_dbg(block, 20, 64, __FILE__, __LINE__);
    block = _aligned_recalloc_dbg(block, 2, 20, 64, __FILE__, __LINE__);
    use(_aligned_msize_dbg(block, 64, 0) == 40);
    _aligned_free_dbg(block);
    block = _aligned_offset_malloc_dbg(10, 64, 4, __FILE__, __LINE__);
    block = _aligned_offset_realloc_dbg(block, 20, 64, 4, __FILE__, __LINE__);
    block = _aligned_offset_recalloc_dbg(block, 2, 20, 64, 4, __FILE__, __LINE__);
    _aligned_free_dbg(block);
}

static void use_strings(void)
{
    char *value = NULL;
    wchar_t *wide_value = NULL;
    size_t size = 0;
    void *blocks[] = {
        _strdup_dbg("text", _NORMAL_BLOCK, __FILE__, __LINE__),
        _wcsdup_dbg(L"text", _NORMAL_BLOCK, __FILE__, __LINE__),
        _tempnam_dbg("/tmp", "a", _NORMAL_BLOCK, __FILE__, __LINE__),
        _wtempnam_dbg(L"/tmp", L"a", _NORMAL_BLOCK, __FILE__, __LINE__),
        _fullpath_dbg(NULL, "a", 0, _NORMAL_BLOCK, __FILE__, __LINE__),
        _wfullpath_dbg(NULL, L"a", 0, _NORMAL_BLOCK, __FILE__, __LINE__),
        _getcwd_dbg(NULL, 1, _NORMAL_BLOCK, __FILE__, __LINE__),
        _wgetcwd_dbg(NULL, 1, _NORMAL_BLOCK, __FILE__, __LINE__),
        _getdcwd_dbg(0, NULL, 1, _NORMAL_BLOCK, __FILE__, __LINE__),
        _wgetdcwd_dbg(0, NULL, 1, _NORMAL_BLOCK, __FILE__, __LINE__),
    };
    for (size_t i = 0; i < _countof(blocks); i++) {
        use(blocks[i] != NULL);
        _free_dbg(blocks[i], _NORMAL_BLOCK);
    }
    use(_dupenv_s_dbg(&value, &size, "PATH", _NORMAL_BLOCK, __FILE__, __LINE__) == 0);
    use(_wdupenv_s_dbg(&wide_value, &size, L"PATH", _NORMAL_BLOCK, __FILE__, __LINE__) == 0);
    free(value);
    free(wide_value);
}

static void use_heap(void)
{
    void *kept = malloc(10); // that there is something to be found
    _HEAPINFO info = {._pentry = NULL};
    use(_heapchk() == _HEAPOK && _heapwalk(&info) == _HEAPOK && _heapmin() == 0);
    use(_heapset(0xFE) == _HEAPOK && _heapadd(NULL, 0) == -1 && _get_heap_handle() != 0);
    void *block = _recalloc(NULL, 2, 3);
    use(_msize(block) == 6 && _expand(block, 6) == block);
    free(block);
    block = _malloca(10);
    _freea(block);
    block = _aligned_realloc(_aligned_malloc(10, 64), 20, 64);
    block = _aligned_recalloc(block, 2, 20, 64);
    use(_aligned_msize(block, 64, 0) == 40);
    _aligned_free(block);
    block = _aligned_offset_realloc(_aligned_offset_malloc(10, 64, 4), 20, 64, 4);
    _aligned_free(_aligned_offset_recalloc(block, 2, 20, 64, 4));
    _mm_free(_mm_malloc(10, 32));
    free(kept);
    use(_alloca(8) != NULL && _callnewh(1) == 0);
    (void)_set_new_handler(_query_new_handler());
    use(_set_new_mode(_query_new_mode()) == 0);
    (void)_set_error_mode(_REPORT_ERRMODE);
    (void)_set_abort_behavior(_WRITE_ABORT_MSG, _WRITE_ABORT_MSG);
    (void)_set_invalid_parameter_handler(_get_invalid_parameter_handler());
    (void)_set_thread_local_invalid_parameter_handler(
        _get_thread_local_invalid_parameter_handler());
}

// Reports are the other tests' business.
static void be_silent(void)
{
    for (int type = 0; type < _CRT_ERRCNT; type++) {
        (void)_CrtSetReportMode(type, 0);
    }
}

#ifdef _DEBUG
#undef _crtDbgFlag
#undef _crtBreakAlloc

static void visit(void *block, void *context)
{
    (void)block;
    (void)context;
}

static int claim(int type, char *message, int *result)
{
    (void)message;
    *result = 0;
    return type >= 0;
}

static int claim_wide(int type, wchar_t *message, int *result)
{
    (void)message;
    *result = 0;
    return type >= 0;
}

static int wide_report(int type, ...)
{
    va_list args;
    va_start(args, type);
    int result = _VCrtDbgReportW(type, NULL, L"file", 1, NULL, L"", args) +
                 _VCrtDbgReportA(type, NULL, "file", 1, NULL, "", args);
    va_end(args);
    return result;
}

// What a release build does not have.
static void use_debug_only(void)
{
    _CrtDoForAllClientObjectsCallback callback = visit;
    _CrtDoForAllClientObjects(callback, NULL);
    use(_CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, claim) == 1);
    use(_CrtSetReportHookW2(_CRT_RPTHOOK_INSTALL, claim_wide) == 1);
    use(_CrtDbgReport(_CRT_WARN, NULL, 0, NULL, "%d", 1) == 0);
    use(_CrtDbgReportW(_CRT_WARN, NULL, 0, NULL, L"%d", 1) == 0);
    use(wide_report(_CRT_WARN) == 0);
    use(_CrtSetReportHook2(_CRT_RPTHOOK_REMOVE, claim) == 0);
    use(_CrtSetReportHookW2(_CRT_RPTHOOK_REMOVE, claim_wide) == 0);
    use(_CrtGetDebugFillThreshold() == (size_t)-1 && _crtAssertBusy == -1);
    use(&_crtDbgFlag == __p__crtDbgFlag() && &_crtBreakAlloc == __p__crtBreakAlloc());
    use(_CrtDefaultAllocHook(_HOOK_ALLOC, NULL, 1, _NORMAL_BLOCK, 1, NULL, 0) == 1);
    use(_pfnAllocHook == _CrtGetAllocHook() && _pfnDumpClient == _CrtGetDumpClient());
}
#else
static void use_debug_only(void)
{
    _CrtDoForAllClientObjects(NULL, NULL);
    (void)_CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, NULL);
    (void)_CrtSetReportHookW2(_CRT_RPTHOOK_INSTALL, NULL);
    free(_mbsdup_dbg((const unsigned char *)"text", _NORMAL_BLOCK, __FILE__, __LINE__));
    free(_getdcwd_lk_dbg(0, NULL, 1, _NORMAL_BLOCK, __FILE__, __LINE__));
    free(_wgetdcwd_lk_dbg(0, NULL, 1, _NORMAL_BLOCK, __FILE__, __LINE__));
}
#endif

int main(void)
{
    be_silent();
    use_handles();
    use_state();
    use_reports();
    use_blocks();
    use_strings();
    use_heap();
    use_debug_only();
    return failures == 0 ? 0 : 1;
}
