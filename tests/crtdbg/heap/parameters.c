// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Invalid parameters, section 19.1 of the specification: the assertion with the condition's text,
// the error number, one call of the handler, and what the function returns then (sections 4.1, 6,
// 8.3, 10, 11, 14.2, 16, 17, 18.2, 19.2).

#include "capture.h"

#include <direct.h>
#include <malloc.h>
#include <new.h>
#include <stdlib.h>
#include <wchar.h>

static struct {
    unsigned calls;
    wchar_t expression[200];
    bool has_place;
} handled;

static void handler(const wchar_t *expression, const wchar_t *function, const wchar_t *file,
    unsigned line, uintptr_t reserved)
{
    handled.calls++;
    wcsncpy(handled.expression, expression, 199);
    handled.has_place = function != NULL && file != NULL && line != 0 && reserved == 0;
}

static void begin(void)
{
    handled.calls = 0;
    handled.expression[0] = L'\0';
    errno = 0;
}

static void end(struct test_place place, const char *expression, int error)
{
    char narrow[200];
    snprintf(narrow, sizeof(narrow), "%ls", handled.expression);
    if (strcmp(narrow, expression) != 0) {
        test_fail(place, "the handler was told %s, not %s", narrow, expression);
    }
    if (handled.calls != 1 || !handled.has_place || errno != error) {
        test_fail(place, "%u calls, errno %d", handled.calls, errno);
    }
    capture_compare(place, "A Assertion failed: %s\n", expression);
}
#define EXPECT_INVALID(call, expression, error)                                                    \
    do {                                                                                           \
        begin();                                                                                   \
        EXPECT_TRUE(call);                                                                         \
        end(CHECK_HERE, (expression), (error));                                                    \
    } while (0)

#define MODES                                                                                      \
    "fMode == _CRTDBG_REPORT_MODE || (fMode & ~(_CRTDBG_MODE_FILE | _CRTDBG_MODE_DEBUG | "         \
    "_CRTDBG_MODE_WNDW)) == 0"
#define TYPES "nRptType >= 0 && nRptType < _CRT_ERRCNT"

static void section_4_flags(void)
{
    static const char bits[] = "new_bits == _CRTDBG_REPORT_FLAG || new_bits_have_only_valid_flags";
    EXPECT_INVALID(_CrtSetDbgFlag(_CRTDBG_RESERVED_DF) == 1, bits, EINVAL);
    EXPECT_INVALID(_CrtSetDbgFlag(0x41) == 1, bits, EINVAL);
    EXPECT_TRUE(_CrtSetDbgFlag(_CRTDBG_REPORT_FLAG) == 1);
}

static void section_6_blocks(void)
{
    EXPECT_INVALID(_msize(NULL) == SIZE_MAX, "block != nullptr", EINVAL);
    EXPECT_INVALID(_msize_dbg(NULL, _NORMAL_BLOCK) == SIZE_MAX, "block != nullptr", EINVAL);
    EXPECT_INVALID(_msize_base(NULL) == SIZE_MAX, "block != nullptr", EINVAL);
    EXPECT_INVALID(_expand(NULL, 3) == NULL, "block != nullptr", EINVAL);
    EXPECT_INVALID(_expand_base(NULL, 3) == NULL, "block != nullptr", EINVAL);
    EXPECT_INVALID(_aligned_msize_dbg(NULL, 16, 0) == SIZE_MAX, "block != nullptr", EINVAL);
    EXPECT_INVALID(_aligned_malloc(8, 3) == NULL, "IS_2_POW_N(alignment)", EINVAL);
    EXPECT_INVALID(_aligned_malloc(8, 0) == NULL, "IS_2_POW_N(alignment)", EINVAL);
    EXPECT_INVALID(
        _aligned_offset_malloc(8, 16, 8) == NULL, "offset == 0 || offset < size", EINVAL);
    EXPECT_INVALID(_heapwalk(NULL) == _HEAPBADPTR, "entry_info != nullptr", EINVAL);
}

static void section_11_strings(void)
{
    char buffer[4];
    char *value = buffer;
    size_t count = 1;
    EXPECT_INVALID(_getcwd(buffer, 0) == NULL, "maximum_count > 0", EINVAL);
    EXPECT_INVALID(_getcwd(NULL, -1) == NULL, "maximum_count >= 0", EINVAL);
    EXPECT_INVALID(_getdcwd(27, NULL, 0) == NULL, "(\"Invalid Drive Index\", 0)", EACCES);
    EXPECT_INVALID(_dupenv_s(NULL, &count, "HOME") == EINVAL, "buffer_pointer != nullptr", EINVAL);
    EXPECT_INVALID(_dupenv_s(&value, &count, NULL) == EINVAL, "name != nullptr", EINVAL);
    EXPECT_TRUE(value == NULL && count == 0);
}

static void section_14_states(void)
{
    _CrtMemState state;
    _CrtMemState other;
    _CrtMemCheckpoint(&state);
    EXPECT_INVALID((_CrtMemCheckpoint(NULL), true), "state != nullptr", EINVAL);
    EXPECT_INVALID((_CrtMemDumpStatistics(NULL), true), "state != nullptr", EINVAL);
    EXPECT_INVALID(_CrtMemDifference(NULL, &state, &state) == 0, "state != nullptr", EINVAL);
    EXPECT_INVALID(_CrtMemDifference(&other, NULL, &state) == 0, "old_state != nullptr", EINVAL);
    EXPECT_INVALID(_CrtMemDifference(&other, &state, NULL) == 0, "new_state != nullptr", EINVAL);
    EXPECT_INVALID((_CrtDoForAllClientObjects(NULL, NULL), true), "callback != nullptr", EINVAL);
}

static void section_16_reports(void)
{
    static const char hook_modes[] = "mode == _CRT_RPTHOOK_INSTALL || mode == _CRT_RPTHOOK_REMOVE";
    EXPECT_INVALID(_CrtSetReportMode(_CRT_ERRCNT, 0) == -1, TYPES, EINVAL);
    EXPECT_INVALID(_CrtSetReportMode(_CRT_WARN, 8) == -1, MODES, EINVAL);
    EXPECT_INVALID(_CrtSetReportFile(-1, NULL) == _CRTDBG_HFILE_ERROR, TYPES, EINVAL);
    EXPECT_INVALID(_CrtSetReportHook2(2, capture_hook) == -1, hook_modes, EINVAL);
    EXPECT_INVALID(
        _CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, NULL) == -1, "new_hook != nullptr", EINVAL);
    EXPECT_INVALID(_set_new_mode(2) == -1, "new_mode == 0 || new_mode == 1", EINVAL);
}

int main(void)
{
    _set_invalid_parameter_handler(handler);
    capture_start();
    section_4_flags();
    section_6_blocks();
    section_11_strings();
    section_14_states();
    section_16_reports();
    EXPECT_SILENCE();
    return test_result();
}
