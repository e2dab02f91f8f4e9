// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * One program in generic text, win32-heap.md 1.3 and 13.1 no. 87: tchar_narrow.c and tchar_wide.c
 * are it without and with _UNICODE.
 */
#include <halde-win32/tchar.h>

#include <errno.h>
#include <unistd.h>

#include "tprintf_check.h"

#ifdef _UNICODE
#define EXPECT_T EXPECT_WIDE
#define WIDTH sizeof(wchar_t)
#else
#define EXPECT_T EXPECT_TEXT
#define WIDTH sizeof(char)
#endif

#define GREETING "hello"
#define STRING_OF(text) #text
#define MACRO_TEXT_(macro) STRING_OF(macro)

_Static_assert(sizeof(_TCHAR) == WIDTH, "the width of _TCHAR");
_Static_assert(sizeof(TCHAR) == WIDTH, "the width of TCHAR");
_Static_assert(sizeof(_T('x')) == sizeof(L'x'), "characters are int or wchar_t");
_Static_assert(sizeof(_T("abc")) == 4 * WIDTH, "the width of a literal");

static void test_literals(void)
{
    EXPECT_T(_T(GREETING), _TEXT("hello")); // the argument is expanded first
    EXPECT_T(_T("a")
             _T("b") _TEXT("c"),
        _T("abc"));
#ifdef _UNICODE
    EXPECT_TEXT(MACRO_TEXT_(_tmain), "wmain");
    EXPECT_TEXT(MACRO_TEXT_(_tWinMain), "wWinMain");
#else
    EXPECT_TEXT(MACRO_TEXT_(_tmain), "main");
    EXPECT_TEXT(MACRO_TEXT_(_tWinMain), "WinMain");
#endif
}

static int print_list(_TCHAR *text, const _TCHAR *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = _vstprintf(text, format, args);
    va_end(args);
    return length;
}

static int print_list_s(_TCHAR *text, size_t size, const _TCHAR *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = _vstprintf_s(text, size, format, args);
    va_end(args);
    return length;
}

static int print_list_n(_TCHAR *text, size_t size, const _TCHAR *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = _vsntprintf(text, size, format, args);
    va_end(args);
    return length;
}

static int print_list_n_s(_TCHAR *text, size_t size, const _TCHAR *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = _vsntprintf_s(text, size, _TRUNCATE, format, args);
    va_end(args);
    return length;
}

static int count_list(const _TCHAR *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = _vsctprintf(format, args);
    va_end(args);
    return length;
}

/// `kind` 0: _vtprintf, 1: _vtprintf_s, 2: _vftprintf, 3: _vftprintf_s
static int print_stream(int kind, FILE *stream, const _TCHAR *format, ...)
{
    va_list args;
    va_start(args, format);
    int length;
    switch (kind) {
    case 0:
        length = _vtprintf(format, args);
        break;
    case 1:
        length = _vtprintf_s(format, args);
        break;
    case 2:
        length = _vftprintf(stream, format, args);
        break;
    default:
        length = _vftprintf_s(stream, format, args);
        break;
    }
    va_end(args);
    return length;
}

/// The whole family, each with a text of its own width, one of the other, and a pointer.
static void test_printf_names(void)
{
    _TCHAR text[100];
    EXPECT_INT(_stprintf(text, _T("%s %hs %ls %#p"), _T("own"), "n", L"w", (void *)0xAB), 26);
    EXPECT_T(text, _T("own n w 0X00000000000000AB"));
    EXPECT_INT(_stprintf_s(text, _countof(text), _T("%lu"), 7u), 1);
    EXPECT_T(text, _T("7"));
    EXPECT_INT(_sntprintf(text, _countof(text), _T("%I64d"), -1LL), 2);
    EXPECT_T(text, _T("-1"));
    EXPECT_INT(_sntprintf_s(text, 4, _TRUNCATE, _T("%Iu"), (size_t)12345), -1);
    EXPECT_T(text, _T("123"));
    EXPECT_INT(_sctprintf(_T("%p"), NULL), 16);
    EXPECT_INT(print_list(text, _T("%d"), 12), 2);
    EXPECT_T(text, _T("12"));
    EXPECT_INT(print_list_s(text, 2, _T("%d"), 12), -1);
    EXPECT_T(text, _T(""));
    EXPECT_INT(print_list_n(text, 3, _T("%d"), 45), 2);
    EXPECT_T(text, _T("45"));
    EXPECT_INT(print_list_n_s(text, 3, _T("%d"), 456), -1);
    EXPECT_T(text, _T("45"));
    EXPECT_INT(count_list(_T("%20d"), 1), 20);
}

static void test_streams(void)
{
    FILE *stream = tmpfile();
    if (stream == NULL) {
        test_skip("no temporary file");
    }
    fflush(stdout);
    const int saved = dup(STDOUT_FILENO);
    dup2(fileno(stream), STDOUT_FILENO);
    EXPECT_INT(_tprintf(_T("%s\n"), _T("tprintf")), 8);
    EXPECT_INT(_tprintf_s(_T("%d\n"), 1), 2);
    EXPECT_INT(print_stream(0, NULL, _T("%d\n"), 2), 2);
    EXPECT_INT(print_stream(1, NULL, _T("%d\n"), 3), 2);
    EXPECT_TRUE(_putts(_T("putts")) >= 0);
    EXPECT_INT(_puttchar(_T('p')), 'p');
    EXPECT_INT(_fputtchar(_T('q')), 'q');
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    fseek(stream, 0, SEEK_END);
    EXPECT_INT(_ftprintf(stream, _T("%d\n"), 4), 2);
    EXPECT_INT(_ftprintf_s(stream, _T("%d\n"), 5), 2);
    EXPECT_INT(print_stream(2, stream, _T("%d\n"), 6), 2);
    EXPECT_INT(print_stream(3, stream, _T("%d\n"), 7), 2);
    EXPECT_TRUE(_fputts(_T("fputts\n"), stream) >= 0);
    EXPECT_INT(_puttc(_T('x'), stream), 'x');
    EXPECT_INT(_fputtc(_T('y'), stream), 'y');
    rewind(stream);
    const _TCHAR *const lines[] = {_T("tprintf\n"), _T("1\n"), _T("2\n"), _T("3\n"), _T("putts\n"),
        _T("pq4\n"), _T("5\n"), _T("6\n"), _T("7\n"), _T("fputts\n")};
    _TCHAR line[20];
    for (size_t i = 0; i < _countof(lines); i++) {
        EXPECT_TRUE(_fgetts(line, _countof(line), stream) == line);
        EXPECT_T(line, lines[i]);
    }
    EXPECT_INT(_gettc(stream), 'x');
    EXPECT_INT(_ungettc(_T('z'), stream), 'z');
    EXPECT_INT(_fgettc(stream), 'z');
    EXPECT_INT(_gettc(stream), 'y');
    const _TINT end = _gettc(stream);
    EXPECT_TRUE(end == _TEOF);
    fclose(stream);
}

static void test_string_names(void)
{
    static volatile size_t two = 2; // hides from the compiler that strncpy cuts, which it warns of
    _TCHAR text[32];
    EXPECT_INT((long long)_tcslen(_T("four")), 4);
    EXPECT_INT((long long)_tcsnlen(_T("four"), 3), 3);
    EXPECT_T(_tcscpy(text, _T("ab")), _T("ab"));
    EXPECT_T(_tcscat(text, _T("cd")), _T("abcd"));
    EXPECT_T(_tcsncat(text, _T("efgh"), two), _T("abcdef"));
    EXPECT_T(_tcsncpy(text, _T("XY"), two), _T("XYcdef"));
    EXPECT_TRUE(_tcscmp(_T("a"), _T("b")) < 0 && _tcsncmp(_T("ab"), _T("ac"), 1) == 0);
    EXPECT_T(_tcschr(text, _T('c')), _T("cdef"));
    EXPECT_T(_tcsrchr(_T("a.b.c"), _T('.')), _T(".c"));
    EXPECT_T(_tcsstr(text, _T("de")), _T("def"));
    EXPECT_T(_tcspbrk(text, _T("fe")), _T("ef"));
    EXPECT_INT((long long)_tcsspn(_T("aab"), _T("a")), 2);
    EXPECT_INT((long long)_tcscspn(_T("aab"), _T("b")), 2);
    EXPECT_INT(_tcsicmp(_T("HeapAlloc"), _T("heapALLOC")), 0);
    EXPECT_TRUE(_tcsicmp(_T("a"), _T("B")) < 0 && _tcsicmp(_T("b"), _T("A")) > 0);
    EXPECT_TRUE(_tcsicmp(_T("ab"), _T("a")) > 0 && _tcsicmp(_T(""), _T("")) == 0);
    EXPECT_INT(_tcsnicmp(_T("heapX"), _T("HEAPy"), 4), 0);
    _TCHAR *copy = _tcsdup(_T("copy"));
    EXPECT_T(copy, _T("copy"));
    EXPECT_T(_tcsupr(copy), _T("COPY"));
    EXPECT_T(_tcslwr(copy), _T("copy"));
    EXPECT_T(_tcsrev(copy), _T("ypoc"));
    copy[3] = 0;
    EXPECT_T(_tcsrev(copy), _T("opy"));
    copy[0] = 0;
    EXPECT_T(_tcsrev(copy), _T(""));
    free(copy);
    EXPECT_TRUE(_tcsdup(NULL) == NULL);
    const _TCHAR *position = _T("xy");
    EXPECT_T(_tcsinc(position), _T("y"));
    EXPECT_TRUE(_tcsdec(position, position) == NULL && _tcsdec(position, position + 1) == position);
    EXPECT_INT((long long)_tclen(position), 1);
    EXPECT_INT((long long)_tcsnextc(position), 'x');
}

static void test_tokens(void)
{
    _TCHAR text[] = _T(",a,,bc;d");
    EXPECT_T(_tcstok(text, _T(",")), _T("a"));
    EXPECT_T(_tcstok(NULL, _T(",;")), _T("bc"));
    EXPECT_T(_tcstok(NULL, _T(",;")), _T("d"));
    EXPECT_TRUE(_tcstok(NULL, _T(",;")) == NULL);
    EXPECT_TRUE(_tcstok(NULL, _T(",;")) == NULL);
    _TCHAR *context = NULL;
    _TCHAR other[] = _T("1 2");
    EXPECT_T(_tcstok_s(other, _T(" "), &context), _T("1"));
    EXPECT_T(_tcstok_s(NULL, _T(" "), &context), _T("2"));
    EXPECT_TRUE(_tcstok_s(NULL, _T(" "), &context) == NULL);
    context = NULL;
    errno = 0;
    EXPECT_TRUE(_tcstok_s(NULL, _T(" "), &context) == NULL);
    EXPECT_INT(errno, EINVAL);
}

/// strcpy_s and its kin, as documented.
static void test_safe_copies(void)
{
    _TCHAR text[6];
    EXPECT_INT(_tcscpy_s(text, 6, _T("12345")), 0);
    EXPECT_T(text, _T("12345"));
    EXPECT_INT(_tcscpy_s(text, 5, _T("12345")), ERANGE);
    EXPECT_T(text, _T(""));
    EXPECT_INT(_tcscpy_s(NULL, 5, _T("1")), EINVAL);
    EXPECT_INT(_tcscpy_s(text, 0, _T("1")), EINVAL);
    text[0] = 'x';
    EXPECT_INT(_tcscpy_s(text, 6, NULL), EINVAL);
    EXPECT_T(text, _T(""));
    EXPECT_INT(_tcscat_s(text, 6, _T("ab")), 0);
    EXPECT_INT(_tcscat_s(text, 6, _T("cde")), 0);
    EXPECT_T(text, _T("abcde"));
    EXPECT_INT(_tcscat_s(text, 6, _T("f")), ERANGE);
    EXPECT_T(text, _T(""));
    const _TCHAR full[6] = {'f', 'u', 'l', 'l', '!', '!'};
    memcpy(text, full, sizeof(full));
    EXPECT_INT(_tcscat_s(text, 6, _T("x")), EINVAL);
    EXPECT_T(text, _T(""));
    EXPECT_INT(_tcsncpy_s(text, 6, _T("123456789"), 4), 0);
    EXPECT_T(text, _T("1234"));
    EXPECT_INT(_tcsncpy_s(text, 6, _T("12345"), 6), 0);
    EXPECT_INT(_tcsncpy_s(text, 6, _T("123456789"), 6), ERANGE);
    EXPECT_T(text, _T(""));
    EXPECT_INT(_tcsncpy_s(text, 6, _T("123456789"), _TRUNCATE), STRUNCATE);
    EXPECT_T(text, _T("12345"));
    text[3] = 0;
    EXPECT_INT(_tcsncat_s(text, 6, _T("abc"), 1), 0);
    EXPECT_T(text, _T("123a"));
    EXPECT_INT(_tcsncat_s(text, 6, _T("bcd"), _TRUNCATE), STRUNCATE);
    EXPECT_T(text, _T("123ab"));
}

static void test_number_names(void)
{
    _TCHAR text[70];
    _TCHAR *end;
    EXPECT_INT(_tcstol(_T("-12x"), &end, 10), -12);
    EXPECT_T(end, _T("x"));
    EXPECT_INT((long long)_tcstoul(_T("ff"), NULL, 16), 255);
    EXPECT_TRUE(_tcstod(_T("1.5"), NULL) == 1.5 && _ttof(_T("2.5")) == 2.5);
    EXPECT_INT(_ttoi(_T(" 42 ")), 42);
    EXPECT_INT(_tstoi(_T("-7")), -7);
    EXPECT_INT(_ttol(_T("9")), 9);
    EXPECT_INT(_ttoi64(_T("1234567890123")), 1234567890123);
    EXPECT_INT(_tcstoi64(_T("-1234567890123"), NULL, 10), -1234567890123);
    EXPECT_T(_itot(-255, text, 10), _T("-255"));
    EXPECT_T(_itot(-1, text, 16), _T("ffffffff"));
    EXPECT_T(_ltot(INT32_MIN, text, 10), _T("-2147483648"));
    EXPECT_T(_ltot(35, text, 36), _T("z"));
    EXPECT_T(_ultot(UINT32_MAX, text, 10), _T("4294967295"));
    EXPECT_T(_i64tot(INT64_MIN, text, 10), _T("-9223372036854775808"));
    EXPECT_T(_i64tot(INT64_MIN, text, 2),
        _T("1000000000000000000000000000000000000000000000000000000000000000"));
    EXPECT_T(_ui64tot(UINT64_MAX, text, 16), _T("ffffffffffffffff"));
    EXPECT_T(_itot(0, text, 8), _T("0"));
    EXPECT_T(_itot(5, text, 1), _T(""));
    EXPECT_INT(_itot_s(-123, text, 5, 10), 0);
    EXPECT_T(text, _T("-123"));
    EXPECT_INT(_itot_s(-123, text, 4, 10), ERANGE);
    EXPECT_T(text, _T(""));
    EXPECT_INT(_ultot_s(1, text, 4, 37), EINVAL);
    EXPECT_INT(_i64tot_s(1, NULL, 4, 10), EINVAL);
    EXPECT_INT(_ui64tot_s(1, text, 0, 10), EINVAL);
}

static void test_character_names(void)
{
    const _TCHAR negative = (_TCHAR)0xE4;
    EXPECT_TRUE(
        _istalpha(_T('a')) && _istdigit(_T('1')) && _istalnum(_T('1')) && _istspace(_T(' ')));
    EXPECT_TRUE(
        _istupper(_T('A')) && _istlower(_T('a')) && _istxdigit(_T('f')) && _istpunct(_T('.')));
    EXPECT_TRUE(_istprint(_T(' ')) && _istgraph(_T('!')) && _istcntrl(_T('\n')));
    EXPECT_FALSE(_istalpha(_T('1')) || _istdigit(_T('a')) || _istdigit(negative));
    EXPECT_INT(_totupper(_T('a')), 'A');
    EXPECT_INT(_totlower(_T('A')), 'a');
}

/// File names may hold any character, and any byte.
static void test_files(void)
{
    char directory[] = "/tmp/halde-tchar-XXXXXX";
    if (mkdtemp(directory) == NULL) {
        test_skip("no scratch directory");
    }
    _TCHAR path[100];
    _TCHAR renamed[100];
#ifdef _UNICODE
    EXPECT_TRUE(_stprintf(path, _T("%hs/\u00E4\xDCFF.txt"), directory) > 0);
#else
    EXPECT_TRUE(_stprintf(path, _T("%hs/\xC3\xA4\xFF.txt"), directory) > 0);
#endif
    EXPECT_TRUE(_stprintf(renamed, _T("%hs/renamed"), directory) > 0);
    FILE *stream = _tfopen(path, _T("w"));
    EXPECT_NOT_NULL(stream);
    EXPECT_TRUE(_fputts(_T("content\n"), stream) >= 0);
    fclose(stream);
    char narrow[200];
    snprintf(narrow, sizeof(narrow), "%s/\xC3\xA4\xFF.txt", directory);
    EXPECT_INT(access(narrow, R_OK), 0);
    EXPECT_INT(_trename(path, renamed), 0);
    _TCHAR line[20];
    errno = 4711;
    EXPECT_INT(_tfopen_s(&stream, renamed, _T("r")), 0);
    EXPECT_INT(errno, 4711);
    EXPECT_TRUE(_fgetts(line, _countof(line), stream) == line);
    EXPECT_T(line, _T("content\n"));
    stream = _tfreopen(renamed, _T("a"), stream);
    EXPECT_NOT_NULL(stream);
    fclose(stream);
    EXPECT_INT(_tremove(renamed), 0);
    EXPECT_INT(_tfopen_s(&stream, renamed, _T("r")), ENOENT);
    EXPECT_TRUE(stream == NULL);
    EXPECT_TRUE(_tfopen(renamed, _T("r")) == NULL && errno == ENOENT);
    EXPECT_INT(_tfopen_s(&stream, NULL, _T("r")), EINVAL);
    EXPECT_INT(_tfopen_s(NULL, renamed, _T("r")), EINVAL);
    rmdir(directory);
    EXPECT_INT(_tsystem(_T("exit 3")), 3 << 8);
}

#ifdef _UNICODE
static void test_wide_failures(void)
{
    static wchar_t long_path[6000];
    wmemset(long_path, L'x', _countof(long_path) - 1);
    EXPECT_TRUE(_tfopen(long_path, L"r") == NULL && errno == ENAMETOOLONG);
    EXPECT_TRUE(_tremove(long_path) == -1 && errno == ENAMETOOLONG);
    EXPECT_TRUE(_trename(L"/nothing", long_path) == -1 && errno == ENAMETOOLONG);
    EXPECT_TRUE(_tfopen(NULL, L"r") == NULL && errno == EINVAL);
    EXPECT_TRUE(_tgetenv(NULL) == NULL && errno == EINVAL);
    EXPECT_TRUE(_tgetenv(long_path) == NULL);
    const int processor = _tsystem(NULL);
    EXPECT_TRUE(processor != 0);
}
#endif

static void test_environment(void)
{
    setenv("HALDE_TCHAR", "value\xC3\xA4\xFF", 1);
    const _TCHAR *value = _tgetenv(_T("HALDE_TCHAR"));
#ifdef _UNICODE
    EXPECT_T(value, _T("value\u00E4\xDCFF"));
    EXPECT_TRUE(_tgetenv(_T("HALDE_TCHAR")) == value); // one copy, which stays
    setenv("HALDE_TCHAR", "other", 1);
    EXPECT_T(value, _T("value\u00E4\xDCFF"));
    EXPECT_T(_tgetenv(_T("HALDE_TCHAR")), _T("other"));
#else
    EXPECT_T(value, _T("value\xC3\xA4\xFF"));
#endif
    EXPECT_TRUE(_tgetenv(_T("HALDE_TCHAR_MISSING")) == NULL);
    bool is_found = false;
    for (_TCHAR **entry = _tenviron; *entry != NULL; entry++) {
        is_found = is_found || _tcsncmp(*entry, _T("PATH="), 5) == 0;
    }
    EXPECT_TRUE(is_found);
    EXPECT_T(_tsetlocale(LC_ALL, NULL), _T("C"));
}

/// _tperror writes to stderr.
static void test_perror(void)
{
    FILE *stream = tmpfile();
    const int saved = dup(STDERR_FILENO);
    dup2(fileno(stream), STDERR_FILENO);
    errno = ENOENT;
    _tperror(_T("text"));
    EXPECT_INT(errno, ENOENT);
    _tperror(_T(""));
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(stream);
    char line[100];
    EXPECT_TRUE(fgets(line, sizeof(line), stream) != NULL);
    EXPECT_TEXT(line, "text: No such file or directory\n");
    EXPECT_TRUE(fgets(line, sizeof(line), stream) != NULL);
    EXPECT_TEXT(line, "No such file or directory\n");
    fclose(stream);
}

int main(void)
{
    test_literals();
    test_printf_names();
    test_streams();
    test_string_names();
    test_tokens();
    test_safe_copies();
    test_number_names();
    test_character_names();
    test_files();
#ifdef _UNICODE
    test_wide_failures();
#endif
    test_environment();
    test_perror();
    return test_result();
}
