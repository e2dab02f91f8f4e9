// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// The narrow printf family by example: win32-heap.md 1.4 and Microsoft's printf documentation.
#include <halde-win32/tchar.h>

#include <errno.h>
#include <float.h>
#include <limits.h>
#include <math.h>

#include "tprintf_check.h"

#define SIZE 400

/// Formats and compares text, length and the untouched errno.
#define EXPECT_PRINTS(expected, ...)                                                               \
    do {                                                                                           \
        char text_[SIZE];                                                                          \
        errno = 4711;                                                                              \
        EXPECT_INT(_sntprintf(text_, SIZE, __VA_ARGS__), (long long)strlen(expected));             \
        EXPECT_TEXT(text_, expected);                                                              \
        EXPECT_INT(errno, 4711);                                                                   \
        EXPECT_INT(_sctprintf(__VA_ARGS__), (long long)strlen(expected));                          \
    } while (0)

/// win32-heap.md 1.4, rows %p and %#p; 15 no. 2: the sample's printed form; 14 no. 30.
static void test_pointers(void)
{
    void *pointer = (void *)0x530000;
    EXPECT_PRINTS("0000000000530000", "%p", pointer);
    EXPECT_PRINTS("0X0000000000530000", "%#p", pointer);
    EXPECT_PRINTS("00007FFFDEADBEEF", "%p", (void *)0x7FFFDEADBEEF);
    EXPECT_PRINTS("0X00007FFFDEADBEEF", "%#p", (void *)0x7FFFDEADBEEF);
    EXPECT_PRINTS("FFFFFFFFFFFFFFFF", "%p", (void *)-1);
    // Not glibc's (nil); the older run-time libraries leave 0X out for zero.
    EXPECT_PRINTS("0000000000000000", "%p", NULL);
    EXPECT_PRINTS("0000000000000000", "%#p", NULL);
    // Width pads with blanks, whatever the flags: the digits are a precision.
    EXPECT_PRINTS("    0000000000530000", "%20p", pointer);
    EXPECT_PRINTS("0000000000530000    |", "%-20p|", pointer);
    EXPECT_PRINTS("    0000000000530000", "%020p", pointer);
    EXPECT_PRINTS("  0X0000000000530000", "%#20p", pointer);
    EXPECT_PRINTS("0000000000530000", "%.3p", pointer);
    EXPECT_PRINTS("0000000000530000", "%+p", pointer);
    EXPECT_PRINTS("00007FFFDEADBEEF", "%hp", (void *)0x7FFFDEADBEEF);
}

/// win32-heap.md 1.4, rows %I64d, %Iu, %I32d, %ld.
static void test_sizes(void)
{
    const long long big = 0x1234567890;
    EXPECT_PRINTS("78187493520", "%I64d", big);
    EXPECT_PRINTS("78187493520", "%I64u", big);
    EXPECT_PRINTS("1234567890", "%I64x", big);
    EXPECT_PRINTS("-9223372036854775808", "%I64d", LLONG_MIN);
    EXPECT_PRINTS("18446744073709551615", "%I64u", ULLONG_MAX);
    EXPECT_PRINTS("78187493520", "%Iu", (size_t)big);
    EXPECT_PRINTS("-78187493520", "%Id", (ptrdiff_t)-big);
    EXPECT_PRINTS("1234567890", "%Ix", (size_t)big);
    EXPECT_PRINTS("1234567890ABC", "%IX", (size_t)0x1234567890ABC);
    EXPECT_PRINTS("878082192", "%I32d", big);
    EXPECT_PRINTS("ffffffff", "%I32x", -1LL);
    EXPECT_PRINTS("       78187493520", "%18I64d", big);
    EXPECT_PRINTS("78187493520       |", "%-18I64u|", big);
    EXPECT_PRINTS("000000078187493520", "%018I64d", big);
    EXPECT_PRINTS("0x1234567890", "%#I64x", big);
    EXPECT_PRINTS("1,2,3", "%I64d,%Iu,%I32d", 1LL, (size_t)2, 3);

    // long has 32 bits on Windows: right for a DWORD or LONG; a 64-bit value loses its upper half.
    EXPECT_PRINTS("4294967295", "%lu", (unsigned)-1);
    EXPECT_PRINTS("-1", "%ld", -1);
    EXPECT_PRINTS("ffffffff", "%lx", -1);
    EXPECT_PRINTS("-1", "%li", -1L);
    EXPECT_PRINTS("878082192", "%lu", (unsigned long)big);
    EXPECT_PRINTS("-2147483648", "%ld", 0xFFFFFFFF80000000);
    EXPECT_PRINTS("878082192", "%d", big); // a SIZE_T given to %d

    EXPECT_PRINTS("78187493520", "%lld", big);
    EXPECT_PRINTS("78187493520", "%llu", big);
    EXPECT_PRINTS("78187493520", "%jd", (intmax_t)big);
    EXPECT_PRINTS("78187493520", "%zu", (size_t)big);
    EXPECT_PRINTS("78187493520", "%td", (ptrdiff_t)big);
    EXPECT_PRINTS("30864", "%hd", 0x12347890);
    EXPECT_PRINTS("-1", "%hd", 0xFFFF);
    EXPECT_PRINTS("65535", "%hu", -1);
    EXPECT_PRINTS("-112", "%hhd", 0x7890);
    EXPECT_PRINTS("144", "%hhu", 0x7890);
}

/// The examples of Microsoft's pages on flags, width and precision.
static void test_documented_numbers(void)
{
    EXPECT_PRINTS("-9234  Justified: -009234  Unsigned: 4294958062",
        "%d  Justified: %.6d  Unsigned: %u", -9234, -9234, -9234);
    EXPECT_PRINTS("FFFFDBEEh  C hex: 0xffffdbee  Octal: 37777755756", "%Xh  C hex: 0x%x  Octal: %o",
        -9234, -9234, -9234);
    EXPECT_PRINTS("00003", "%0*d", 5, 3);
    EXPECT_PRINTS("3.142", "%.*f", 3, 3.14159265);
    EXPECT_PRINTS("", "%.0d", 0);
    EXPECT_PRINTS("251.736600 251.74 2.517366e+02 2.517366E+02", "%f %.2f %e %E", 251.7366,
        251.7366, 251.7366, 251.7366);
    EXPECT_PRINTS("    ", "%4.d", 0);
    EXPECT_PRINTS("   7", "%04.d", 7); // the 0 is ignored with a precision
    EXPECT_PRINTS("+7| 7|+7", "%+d|% d|%+ d", 7, 7, 7);
    EXPECT_PRINTS("7   |", "%-04d|", 7);
    EXPECT_PRINTS("0|0|0", "%#x|%#X|%#o", 0, 0, 0);
    EXPECT_PRINTS("0x1f|0X1F|037", "%#x|%#X|%#o", 31, 31, 31);
    EXPECT_PRINTS("0", "%#.0o", 0);
    EXPECT_PRINTS("0x001f", "%#06x", 31);
    EXPECT_PRINTS("     0x1f", "%#9x", 31);
    EXPECT_PRINTS("1.", "%#.0f", 1.0);
    EXPECT_PRINTS("1.e+00", "%#.0e", 1.0);
    EXPECT_PRINTS("1.00000", "%#g", 1.0);
    EXPECT_PRINTS("100%", "%d%%", 100);
    EXPECT_PRINTS("  5|5  |", "%*d|%*d|", 3, 5, -3, 5);
    EXPECT_PRINTS("1.500000", "%.*f", -1, 1.5); // a negative precision counts as none
}

/// The Universal C Runtime: all 13 digits of %a; infinities and NaNs, never padded with zeros.
static void test_special_doubles(void)
{
    const double signalling = __builtin_nans("");
    const double quiet = __builtin_nan("0x123");
    EXPECT_PRINTS("0x1.8000000000000p+0", "%a", 1.5);
    EXPECT_PRINTS("-0X1.FP+3", "%.1A", -15.5);
    EXPECT_PRINTS("0x1p+0", "%.0a", 1.0);
    EXPECT_PRINTS("0x1.p+0", "%#.0a", 1.0);
    EXPECT_PRINTS("0x0001.8p+0", "%011.1a", 1.5);
    EXPECT_PRINTS(
        "inf INF -inf", "%f %F %g", (double)INFINITY, (double)INFINITY, -(double)INFINITY);
    EXPECT_PRINTS("+inf", "%+e", (double)INFINITY);
    EXPECT_PRINTS("    inf", "%07f", (double)INFINITY);
    EXPECT_PRINTS("inf", "%a", (double)INFINITY);
    EXPECT_PRINTS("nan NAN", "%f %F", quiet, quiet);
    EXPECT_PRINTS("nan(snan)", "%f", signalling);
    EXPECT_PRINTS("-nan(ind)", "%f", -__builtin_nan(""));
    EXPECT_PRINTS("-NAN(IND)", "%G", -__builtin_nan(""));
    EXPECT_PRINTS("-0.000000", "%f", -0.0);
    EXPECT_PRINTS("1e-05 0.0001 100000 1e+06", "%g %g %g %g", 1e-5, 1e-4, 1e5, 1e6);
    EXPECT_PRINTS("1.797693e+308", "%e", DBL_MAX);
    // Microsoft's long double is a double.
    EXPECT_PRINTS("0.10000000000000000555", "%.20Lf", 0.1L);
    EXPECT_PRINTS("2.5 2.5", "%Lg %lg", 2.5L, 2.5);
}

/// win32-heap.md 1.4, row %S, %hs, %ls, %ws, %C, %hc, %wc; Microsoft's example of printf.
static void test_strings(void)
{
    const char *narrow = "computer";
    const wchar_t *wide = L"Unicode";
    EXPECT_PRINTS("                 computer", "%25s", narrow);
    EXPECT_PRINTS("                     comp", "%25.4hs", narrow);
    EXPECT_PRINTS("   Unicode                      Uni", "   %S%25.3ls", wide, wide);
    EXPECT_PRINTS("         h    h    w    w", "%10c%5hc%5C%5lc", 'h', 'h', L'w', L'w');
    EXPECT_PRINTS("Unicode Unicode computer", "%ws %lS %hS", wide, wide, narrow);
    EXPECT_PRINTS("w w h h h", "%wc %wC %hc %hC %Tc", L'w', L'w', 'h', 'h', 'h');
    EXPECT_PRINTS("computer", "%Ts", narrow);
    EXPECT_PRINTS("(null) (null) (nu   (null)", "%s %S %.3s %8ls", NULL, NULL, NULL, NULL);
    EXPECT_PRINTS("computer |", "%-9s|", narrow);
    EXPECT_PRINTS("", "%.0s", narrow);
    EXPECT_PRINTS("co", "%.*s", 2, narrow);
    EXPECT_PRINTS("computer", "%.*s", -2, narrow);
    EXPECT_PRINTS("000ab|  c|00c", "%05s|%3c|%03c", "ab", 'c', 'c'); // 0 pads text, too
    EXPECT_PRINTS("ab   |", "%-05s|", "ab");

    // Neither a precision nor a width reads beyond the array.
    const char unterminated[3] = {'a', 'b', 'c'};
    const wchar_t unterminated_wide[3] = {L'a', L'b', L'c'};
    EXPECT_PRINTS("abc abc", "%.3s %.3S", unterminated, unterminated_wide);
}

/// While no locale is chosen, wide text becomes UTF-8; what is no character survives or is '?'.
static void test_encoding(void)
{
    EXPECT_PRINTS("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "%S", L"\u00E4\u20AC\U0001F600");
    EXPECT_PRINTS("\xF0\x9F\x98\x80", "%S", L"\xD83D\xDE00"); // a pair of UTF-16
    EXPECT_PRINTS("? ?", "%S %lc", L"\xD83D", 0xDFFF);
    EXPECT_PRINTS("\xFF\x80|", "%S|", L"\xDCFF\xDC80"); // bytes that were none
    EXPECT_PRINTS("?", "%lc", 0x110000);
    EXPECT_PRINTS("\xE4", "%c", 0xE4); // narrow characters pass as they are
    EXPECT_PRINTS("\xC3\xA4", "%s", "\xC3\xA4");
    EXPECT_PRINTS("\xC3\xA4\xC3\xB6\xC3\xBC", "\xC3\xA4%s\xC3\xBC", "\xC3\xB6");
    // Width and precision count what the argument has, as on Windows.
    EXPECT_PRINTS("  \xC3\xA4", "%3S", L"\u00E4");
    EXPECT_PRINTS("\xC3\xA4\xC3\xA4", "%.2S", L"\u00E4\u00E4\u00E4");
}

/// A conversion that is none prints its character; the functions ending in _s refuse it.
static void test_bad_formats(void)
{
    char text[SIZE];
    EXPECT_PRINTS("y", "%y");
    EXPECT_PRINTS("[k]", "[%-08.3lk]");
    EXPECT_PRINTS("a", "a%");
    EXPECT_PRINTS("a", "a%-5.2l");
    EXPECT_PRINTS("%", "%5%");
    EXPECT_PRINTS("'d", "%'d", 1);
    EXPECT_INT(_stprintf_s(text, SIZE, "%d%%|%%", 5), 4); // a percent sign is no bad format
    EXPECT_TEXT(text, "5%|%");
    const char *const bad[] = {"%y", "a%", "%5%", "%'d", "%-5.2l", "%"};
    for (size_t i = 0; i < _countof(bad); i++) {
        strcpy(text, "before");
        errno = 0;
        EXPECT_INT(_stprintf_s(text, SIZE, bad[i], 1), -1);
        EXPECT_INT(errno, EINVAL);
        EXPECT_TEXT(text, "");
        errno = 0;
        EXPECT_INT(_sntprintf_s(text, SIZE, _TRUNCATE, bad[i], 1), -1);
        EXPECT_INT(errno, EINVAL);
    }
    errno = 0;
    EXPECT_INT(_sctprintf("%hld", 1), -1); // two sizes
    EXPECT_INT(errno, EINVAL);
}

/// win32-heap.md 1.4, row %n: disabled.
static void test_percent_n(void)
{
    char text[SIZE];
    int written = 4711;
    errno = 0;
    EXPECT_INT(_stprintf(text, "ab%ncd", &written), -1);
    EXPECT_INT(errno, EINVAL);
    EXPECT_INT(written, 4711);
    EXPECT_TEXT(text, "ab");
}

/// No width or precision is too large for the formatter; only the result must fit an int.
static void test_huge(void)
{
    static char text[5000];
    EXPECT_INT(_stprintf(text, "%4000d", 1), 4000);
    EXPECT_TRUE(strspn(text, " ") == 3999 && text[3999] == '1');
    EXPECT_INT(_stprintf(text, "%.4000d", -1), 4001);
    EXPECT_TRUE(text[0] == '-' && strspn(text + 1, "0") == 3999 && text[4000] == '1');
    EXPECT_INT(_stprintf(text, "%.3000e", 1.0), 3006);
    EXPECT_TRUE(strspn(text + 2, "0") == 3000 && strcmp(text + 3002, "e+00") == 0);
    EXPECT_INT(_sctprintf("%2147483647d", 1), INT_MAX);
    EXPECT_INT(_sctprintf("%.2147483647x", 1), INT_MAX);
    EXPECT_INT(_sctprintf("%.2147483000f", 1.0), 2147483002);
    EXPECT_INT(_sctprintf("%*d", -INT_MAX, 1), INT_MAX);
    EXPECT_INT(_sctprintf("%*d", INT_MAX, 1), INT_MAX);
    const char *const too_large[] = {"%2147483648d", "%99999999999999999999d", "%.2147483648d",
        "x%2147483647d", "%2147483647d%d", "%.2147483647f"};
    for (size_t i = 0; i < _countof(too_large); i++) {
        errno = 0;
        EXPECT_INT(_sctprintf(too_large[i], 1, 1.0), -1);
        EXPECT_INT(errno, EOVERFLOW);
    }
    errno = 0;
    EXPECT_INT(_sctprintf("%*d", INT_MIN, 1), -1);
    EXPECT_INT(errno, EOVERFLOW);
}

/// The form of Microsoft's heap sample: a line of its printed output, in 64-bit width.
static void test_sample_line(void)
{
    EXPECT_PRINTS("Data portion begins at: 0X0000000000530000, Size: 1416 bytes, Overhead: 0 bytes",
        "Data portion begins at: %#p, Size: %d bytes, Overhead: %d bytes", (void *)0x530000, 1416u,
        0);
}

int main(void)
{
    test_pointers();
    test_sizes();
    test_documented_numbers();
    test_special_doubles();
    test_strings();
    test_encoding();
    test_bad_formats();
    test_percent_n();
    test_huge();
    test_sample_line();
    return test_result();
}
