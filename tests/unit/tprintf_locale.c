// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Wide text under other locales: a single-byte and a multi-byte encoding that is not UTF-8, and
 * decimal points. The locales are compiled into a scratch directory; without localedef and its
 * sources the test is skipped.
 */
#define _UNICODE
#include <halde-win32/tchar.h>

#include <errno.h>
#include <unistd.h>

#include "process.h"
#include "tprintf_check.h"

static char directory[] = "/tmp/halde-locale-XXXXXX";

static bool run(const char *command)
{
    return system(command) == 0; // NOLINT(cert-env33-c): the texts are ours
}

/// Compiles a locale and chooses it. Returns whether that was possible.
static bool choose_locale(const char *language, const char *charmap)
{
    char name[64];
    char command[256];
    snprintf(name, sizeof(name), "%s.%s", language, charmap);
    snprintf(command, sizeof(command), "localedef -i %s -f %s %s/%s >/dev/null 2>&1", language,
        charmap, directory, name);
    // Not the other way round: glibc remembers that a locale was not there.
    return run(command) && setlocale(LC_ALL, name) != NULL;
}

static void test_latin1(void)
{
    char text[64];
    wchar_t wide[64];
    EXPECT_INT(halde_sprintf(text, "%S|%s", L"\u00E4\u00DF", "\xE4"), 4);
    EXPECT_TEXT(text, "\xE4\xDF|\xE4");
    // The euro sign is not in ISO 8859-1; a byte that was no character is written as it was.
    EXPECT_INT(halde_sprintf(text, "%S", L"1\u20AC\xDC99"), 3);
    EXPECT_TEXT(text, "1?\x99");
    EXPECT_INT(halde_msvc_swprintf(wide, L"%S %5.2hs|", "\xE4", "\xDF\xDFx"), 8);
    EXPECT_WIDE(wide, L"\u00E4    \u00DF\u00DF|");
    FILE *stream = tmpfile();
    EXPECT_INT(_fputts(L"\u00E4\n", stream), 0);
    rewind(stream);
    EXPECT_INT(getc(stream), 0xE4);
    rewind(stream);
    EXPECT_INT(_fgettc(stream), 0xE4);
    fclose(stream);
}

/// German writes a comma.
static void test_decimal_comma(void)
{
    char text[64];
    wchar_t wide[64];
    EXPECT_INT(halde_sprintf(text, "%.2f %08.3f %.1e", 1.25, -2.5, 12345.0), 21);
    EXPECT_TEXT(text, "1,25 -002,500 1,2e+04");
    EXPECT_INT(halde_sprintf(text, "%.1a", 1.5), 8);
    EXPECT_TEXT(text, "0x1,8p+0");
    EXPECT_INT(halde_msvc_swprintf(wide, L"%.2f", 1.25), 4);
    EXPECT_WIDE(wide, L"1,25");
    EXPECT_INT(_sctprintf(_T("%.2000f"), 0.5), 2002);
}

static void test_euc_jp(void)
{
    char text[64];
    wchar_t wide[64];
    EXPECT_INT(halde_sprintf(text, "%S", L"\u65E5\u672C"), 4);
    EXPECT_TEXT(text, "\xC6\xFC\xCB\xDC");
    EXPECT_INT(halde_msvc_swprintf(wide, L"%S", "\xC6\xFC\xCB\xDC"), 2);
    EXPECT_WIDE(wide, L"\u65E5\u672C");
    EXPECT_INT(halde_msvc_swprintf(wide, L"%.1hs", "\xC6\xFC\xCB\xDC"), 1);
    EXPECT_INT(halde_msvc_swprintf(wide, L"%S", "\xC6\xFC\xFF\xC6"), 3); // one bad, one unfinished
    EXPECT_WIDE(wide, L"\u65E5\xDCFF\xDCC6");
    FILE *stream = tmpfile();
    EXPECT_INT(_ftprintf(stream, _T("%s\n"), L"\u65E5\xDCC6\u672C"), 4);
    rewind(stream);
    EXPECT_TRUE(_fgetts(wide, 64, stream) != NULL);
    // The stray lead byte takes the following one with it, as any reader of this encoding would
    // read it.
    EXPECT_TRUE(wide[0] == 0x65E5 && wcslen(wide) >= 3);
    fclose(stream);
}

/// The wide setlocale; its strings stay.
static void test_wide_setlocale(void)
{
    const wchar_t *before = _tsetlocale(LC_ALL, _T("C"));
    EXPECT_WIDE(before, L"C");
    EXPECT_TRUE(_tsetlocale(LC_ALL, NULL) == before);
    EXPECT_TRUE(_tsetlocale(LC_ALL, _T("no such locale")) == NULL);
    EXPECT_WIDE(before, L"C");
}

int main(void)
{
    if (process_is_under_valgrind()) {
        test_skip("valgrind objects to how libc loads its converters");
    }
    if (mkdtemp(directory) == NULL) {
        test_skip("no scratch directory");
    }
    setenv("LOCPATH", directory, 1);
    const bool has_latin1 = choose_locale("de_DE", "ISO-8859-1");
    if (has_latin1) {
        test_latin1();
        test_decimal_comma();
    }
    const bool has_euc_jp = choose_locale("ja_JP", "EUC-JP");
    if (has_euc_jp) {
        test_euc_jp();
    }
    test_wide_setlocale();
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    if (!run(command)) {
        test_note("%s is left behind", directory);
    }
    if (test_failures() == 0 && (!has_latin1 || !has_euc_jp)) {
        test_skip("the package locales, which has the sources of locales, is not installed");
    }
    return test_result();
}
