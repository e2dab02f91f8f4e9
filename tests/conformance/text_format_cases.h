// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Formats of the generic-text functions (win32-heap.md 1.3, 1.4), included by one program for each
 * width.
 *
 * The includer has or has not defined UNICODE and _UNICODE, and gives WIDTH_NAME.
 */
#include "conformance.h"

#include <tchar.h>

/** A generic-text string as narrow characters; only ASCII occurs here. */
static const char *narrowed(const TCHAR *text)
{
    static char buffer[300];
    size_t i = 0;
    for (; text[i] != 0 && i < sizeof(buffer) - 1; i++) {
        buffer[i] = text[i] > 0 && text[i] < 127 ? (char)text[i] : '?';
    }
    buffer[i] = 0;
    return buffer;
}

static TCHAR output[300];

static void expect_text(const char *section, const char *name, const char *expected, int length)
{
    const bool is_same = strcmp(expected, narrowed(output)) == 0;
    EXPECT(section, is_same, WIDTH_NAME " %s gives \"%s\"", name, expected);
    if (!is_same) {
        printf("  got \"%s\"\n", narrowed(output));
    }
    EXPECT(section, length == (int)strlen(expected),
        WIDTH_NAME " %s returns the number of characters", name);
}

// The format comes through a variable, so that no compiler checks it against its own idea of
// printf.
#define FORMAT_CASE(section, expected, format, ...)                                                \
    do {                                                                                           \
        const TCHAR *text_ = _T(format);                                                           \
        const int length_ = _sntprintf(output, 300, text_, __VA_ARGS__);                           \
        expect_text(section, format, expected, length_);                                           \
    } while (0)

static void test_pointers(void)
{
    case_begin("1.4", WIDTH_NAME " %p and %#p");
    FORMAT_CASE("1.4", "0000000000530000", "%p", (void *)(uintptr_t)0x530000);
    FORMAT_CASE("1.4", "00000000ABCDEF12", "%p", (void *)(uintptr_t)0xabcdef12u);
    FORMAT_CASE("1.4", "0000000000000000", "%p", (void *)NULL);
    FORMAT_CASE("1.4", "FFFFFFFFFFFFFFFF", "%p", INVALID_HANDLE_VALUE);
    FORMAT_CASE("1.4", "0X0000000000530000", "%#p", (void *)(uintptr_t)0x530000);
    FORMAT_CASE("1.4", "[    0000000000530000]", "[%20p]", (void *)(uintptr_t)0x530000);
    FORMAT_CASE("1.4", "[0000000000530000    ]", "[%-20p]", (void *)(uintptr_t)0x530000);
}

static void test_sizes(void)
{
    case_begin("1.4", WIDTH_NAME " I, I64, I32, l and ll");
    FORMAT_CASE("1.4", "78187493520", "%Iu", (SIZE_T)0x1234567890u);
    FORMAT_CASE("1.4", "-5", "%Id", (SSIZE_T)-5);
    FORMAT_CASE("1.4", "1234567890", "%Ix", (SIZE_T)0x1234567890u);
    FORMAT_CASE("1.4", "1234567890ABC", "%IX", (SIZE_T)0x1234567890abcu);
    FORMAT_CASE("1.4", "78187493520", "%I64u", (ULONGLONG)0x1234567890u);
    FORMAT_CASE("1.4", "-78187493520", "%I64d", -(LONGLONG)0x1234567890);
    FORMAT_CASE("1.4", "1234567890", "%I64x", (ULONGLONG)0x1234567890u);
    FORMAT_CASE("1.4", "[  78187493520]", "[%13I64u]", (ULONGLONG)0x1234567890u);
    FORMAT_CASE("1.4", "42", "%I32d", 42);
    FORMAT_CASE("1.4", "4294967295", "%I32u", 0xFFFFFFFFu);
    FORMAT_CASE("1.4", "-1", "%ld", (LONG)-1);
    FORMAT_CASE("1.4", "4294967295", "%lu", (DWORD)0xFFFFFFFFu);
    FORMAT_CASE("1.4", "deadbeef", "%lx", (DWORD)0xDEADBEEFu);
    FORMAT_CASE("1.4", "-1 7", "%ld %d", (LONG)-1, 7);
    FORMAT_CASE("1.4", "9223372036854775807", "%lld", (LONGLONG)0x7FFFFFFFFFFFFFFF);
    FORMAT_CASE("1.4", "18446744073709551615", "%llu", ~(ULONGLONG)0);
    FORMAT_CASE("1.4", "5", "%d", (SIZE_T)5);
    FORMAT_CASE("1.4", "65535", "%hu", 0x1FFFF);
}

static void test_strings(void)
{
    case_begin("1.4", WIDTH_NAME " strings and characters of either width");
    FORMAT_CASE("1.3", "text", "%s", _T("text"));
    FORMAT_CASE("1.4", "narrow", "%hs", "narrow");
    FORMAT_CASE("1.4", "wide", "%ls", L"wide");
    FORMAT_CASE("1.4", "wide", "%ws", L"wide");
#ifdef _UNICODE
    FORMAT_CASE("1.4", "opposite", "%S", "opposite");
    FORMAT_CASE("1.4", "c", "%C", 'c');
#else
    FORMAT_CASE("1.4", "opposite", "%S", L"opposite");
    FORMAT_CASE("1.4", "c", "%C", L'c');
#endif
    FORMAT_CASE("1.4", "x", "%c", _T('x'));
    FORMAT_CASE("1.4", "n", "%hc", 'n');
    FORMAT_CASE("1.4", "w", "%lc", L'w');
    FORMAT_CASE("1.4", "w", "%wc", L'w');
    FORMAT_CASE("1.4", "[    abc]", "[%7s]", _T("abc"));
    FORMAT_CASE("1.4", "[abc    ]", "[%-7s]", _T("abc"));
    FORMAT_CASE("1.4", "[ab]", "[%.2s]", _T("abc"));
    FORMAT_CASE("1.4", "[ wi]", "[%3.2ls]", L"wide");
}

static void test_numbers(void)
{
    case_begin("1.4", WIDTH_NAME " numbers as everywhere");
    FORMAT_CASE("1.4", "0x2a 0X2A 2a 052 +7 -7", "%#x %#X %x %#o %+d %d", 42, 42, 42, 42, 7, -7);
    FORMAT_CASE("1.4", "[00042][   42][42   ][ 42]", "[%05d][%5d][%-5d][% d]", 42, 42, 42, 42);
    FORMAT_CASE("1.4", "[   42][42   ]", "[%*d][%-*d]", 5, 42, 5, 42);
    FORMAT_CASE("1.4", "1.50 100%", "%.2f %d%%", 1.5, 100);
}

static void test_sample_lines(void)
{
    case_begin("1.4", WIDTH_NAME " the lines of a heap listing");
    FORMAT_CASE("4.5", "Allocated block at 0X0000000000530000, 1416 bytes of data",
        "%s at %#p, %d bytes of data", _T("Allocated block"), (void *)(uintptr_t)0x530000, 1416);
    FORMAT_CASE("1.3", "first second", "%s", TEXT("first ") TEXT("second"));
    EXPECT("1.3", sizeof(TCHAR) == sizeof(_TCHAR) && sizeof(_T("ab")) == 3 * sizeof(TCHAR),
        WIDTH_NAME " TCHAR, _TCHAR and _T agree");
}

static void test_string_functions(void)
{
    case_begin("1.3", WIDTH_NAME " string functions");
    TCHAR buffer[40];
    EXPECT("1.3", _tcslen(_T("four")) == 4, WIDTH_NAME " _tcslen");
    _tcscpy(buffer, _T("Heap"));
    _tcscat(buffer, _T("Walk"));
    EXPECT("1.3", _tcscmp(buffer, _T("HeapWalk")) == 0, WIDTH_NAME " _tcscpy, _tcscat, _tcscmp");
    EXPECT("1.3", _tcschr(buffer, _T('W')) == buffer + 4 && _tcsrchr(buffer, _T('a')) == buffer + 5,
        WIDTH_NAME " _tcschr, _tcsrchr");
    EXPECT("1.3", _tcsstr(buffer, _T("Wal")) == buffer + 4, WIDTH_NAME " _tcsstr");
    EXPECT("1.3", _tcsicmp(buffer, _T("hEAPwALK")) == 0, WIDTH_NAME " _tcsicmp");
    EXPECT("1.3", _tcstol(_T("-123x"), NULL, 10) == -123, WIDTH_NAME " _tcstol");
#if !defined(_UNICODE) || !defined(_WIN32)
    // Some Windows compilers give the wide one a length argument.
    EXPECT("1.3", _stprintf(buffer, _T("%d"), 77) == 2 && buffer[0] == _T('7'),
        WIDTH_NAME " _stprintf");
#else
    SKIP("1.3", WIDTH_NAME " _stprintf");
#endif
}

int main(void)
{
    test_pointers();
    test_sizes();
    test_strings();
    test_numbers();
    test_sample_lines();
    test_string_functions();
    return conformance_finish();
}
