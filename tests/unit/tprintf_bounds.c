// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Buffers: what each function of the sprintf family stores at and around its limit, and random
 * formats into arrays with guards, where every array must hold the beginning of the same text.
 */
#include <halde-win32/tchar.h>

#include <errno.h>
#include <limits.h>
#include <sys/mman.h>

#include "process.h"
#include "seed.h"
#include "tprintf_check.h"

#define GUARD 0x5A
#define ARRAY_SIZE 80
#define ROUNDS 20000

// ---- Documented results at the limit ----------------------------------------------------------

/// sprintf_s: all or an empty string.
static void test_sprintf_s(void)
{
    char text[8];
    errno = 4711;
    EXPECT_INT(sprintf_s(text, 8, "%d", 1234567), 7);
    EXPECT_TEXT(text, "1234567");
    EXPECT_INT(errno, 4711);
    EXPECT_INT(sprintf_s(text, 8, "%d", 12345678), -1);
    EXPECT_TEXT(text, "");
    EXPECT_INT(errno, ERANGE);
    EXPECT_INT(sprintf_s(text, 1, "%s", ""), 0);
    EXPECT_INT(sprintf_s(NULL, 8, "%s", ""), -1);
    EXPECT_INT(errno, EINVAL);
    errno = 0;
    EXPECT_INT(sprintf_s(text, 0, "%s", ""), -1);
    EXPECT_INT(errno, EINVAL);
    strcpy(text, "x");
    errno = 0;
    EXPECT_INT(sprintf_s(text, 8, NULL), -1);
    EXPECT_INT(errno, EINVAL);
    EXPECT_TEXT(text, "");
}

/// Microsoft's example on _snprintf_s, with its printed output.
static void test_snprintf_s(void)
{
    char text[10];
    EXPECT_INT(_snprintf_s(text, 10, 8, "<<<%d>>>", 121), -1);
    EXPECT_TEXT(text, "<<<121>>");
    EXPECT_INT(_snprintf_s(text, 10, 9, "<<<%d>>>", 121), 9);
    EXPECT_TEXT(text, "<<<121>>>");
    EXPECT_INT(_snprintf_s(text, 10, 10, "<<<%d>>>", 121), 9);
    EXPECT_TEXT(text, "<<<121>>>");
    errno = 0;
    EXPECT_INT(_snprintf_s(text, 10, 10, "<<<%d>>>", 1221), -1);
    EXPECT_INT(errno, ERANGE);
    EXPECT_TEXT(text, "");
    errno = 4711;
    EXPECT_INT(_snprintf_s(text, 10, 9, "<<<%d>>>", 1221), -1); // cut at the count, which fits
    EXPECT_TEXT(text, "<<<1221>>");
    EXPECT_INT(_snprintf_s(text, 10, _TRUNCATE, "<<<%d>>>", 1221), -1);
    EXPECT_INT(errno, 4711);
    EXPECT_TEXT(text, "<<<1221>>");
    EXPECT_INT(_snprintf_s(text, 10, _TRUNCATE, "<<<%d>>>", 121), 9);
    EXPECT_TEXT(text, "<<<121>>>");
    EXPECT_INT(_snprintf_s(text, 10, 0, "%s", "x"), -1);
    EXPECT_TEXT(text, "");
    EXPECT_INT(_snprintf_s(NULL, 0, 0, "%s", "x"), 0);
    EXPECT_INT(_snprintf_s(NULL, 10, 5, "%s", "x"), -1);
    EXPECT_INT(_snprintf_s(text, 0, 5, "%s", "x"), -1);
}

/// _snprintf: the null only where there is room.
static void test_old_snprintf(void)
{
    char text[8] = "#######";
    errno = 4711;
    EXPECT_INT(_snprintf(text, 5, "%s", "abcd"), 4);
    EXPECT_TEXT(text, "abcd");
    EXPECT_INT(_snprintf(text, 5, "%s", "vwxyz"), 5);
    EXPECT_TEXT(text, "vwxyz##");
    EXPECT_INT(_snprintf(text, 5, "%s", "ABCDEFGH"), -1);
    EXPECT_TEXT(text, "ABCDE##");
    EXPECT_INT(_snprintf(text, 0, "%s", "x"), -1);
    EXPECT_INT(_snprintf(text, 0, "%s", ""), 0);
    EXPECT_TEXT(text, "ABCDE##");
    EXPECT_INT(_snprintf(NULL, 0, "%s", "abcdef"), 6);
    EXPECT_INT(errno, 4711);
    EXPECT_INT(_snprintf(NULL, 5, "%s", "x"), -1);
    EXPECT_INT(errno, EINVAL);
    errno = 0;
    EXPECT_INT(_snprintf(text, 5, NULL), -1);
    EXPECT_INT(errno, EINVAL);
}

/// C's snprintf and swprintf.
static void test_standard_snprintf(void)
{
    char text[8] = "#######";
    EXPECT_INT(halde_snprintf(text, 5, "%s", "vwxyz"), 5);
    EXPECT_TEXT(text, "vwxy");
    EXPECT_INT(halde_snprintf(text, 1, "%s", "ab"), 2);
    EXPECT_TEXT(text, "");
    EXPECT_INT(halde_snprintf(NULL, 0, "%s", "ab"), 2);
    wchar_t wide[8] = L"#######";
    EXPECT_INT(halde_swprintf(wide, 6, L"%s", L"vwxyz"), 5);
    EXPECT_WIDE(wide, L"vwxyz");
    EXPECT_INT(halde_swprintf(wide, 5, L"%s", L"vwxyz"), -1);
    EXPECT_WIDE(wide, L"vwxy");
}

/// The wide functions have the same limits, in wide characters.
static void test_wide_limits(void)
{
    wchar_t text[8] = L"#######";
    EXPECT_INT(swprintf_s(text, 8, L"%s", L"1234567"), 7);
    EXPECT_INT(swprintf_s(text, 8, L"%s", L"12345678"), -1);
    EXPECT_WIDE(text, L"");
    EXPECT_INT(_snwprintf_s(text, 8, _TRUNCATE, L"%S", "12345678"), -1);
    EXPECT_WIDE(text, L"1234567");
    wcscpy(text, L"#######");
    EXPECT_INT(_snwprintf(text, 3, L"%d", 123), 3);
    EXPECT_WIDE(text, L"123####");
    EXPECT_INT(_snwprintf(text, 3, L"%d", 9876), -1);
    EXPECT_WIDE(text, L"987####");
    EXPECT_INT(_swprintf(text, L"%d", 1), 1);
    EXPECT_WIDE(text, L"1");
    EXPECT_INT(_scwprintf(L"%20d", 1), 20);
}

// ---- Random formats ---------------------------------------------------------------------------

static const wchar_t text_of_argument[] = L"text of an argument \u00E4\U0001F600 "; // as bytes: "t"
static const wchar_t *argument = text_of_argument;

/// Puts the argument at an address whose lower half is a small number, for `*` and %d.
static void place_argument(void)
{
    void *const wanted = (void *)0x510000000000;
    if (process_has_thread_sanitizer()) {
        return; // it ends the process when it is asked for such an address
    }
    char *page = mmap(wanted, 4096, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (page != wanted) {
        test_note("no memory at %p: widths from arguments are large", wanted);
        return;
    }
    argument = memcpy(page + 40, text_of_argument, sizeof(text_of_argument));
}

/// Anything that may stand in a format, with a weight towards what means something.
static void random_format(struct random *random, char *format, size_t capacity)
{
    static const char alphabet[] =
        "%%%%%%%%%%%%-+ #0123456789.**hlLIjztwT64diouxXpsScCeEfFgGaA%nyZ'\xC3\xA4\xFF";
    const size_t length = random_below(random, capacity);
    for (size_t i = 0; i < length; i++) {
        format[i] = alphabet[random_below(random, sizeof(alphabet) - 1)];
    }
    format[length] = '\0';
}

/// Every argument is a pointer to a terminated string, whatever the conversion makes of it.
#define ARGUMENTS                                                                                  \
    argument, argument, argument, argument, argument, argument, argument, argument, argument,      \
        argument, argument, argument, argument, argument, argument, argument, 1.5, -2.25, 1e300,   \
        0.0, 1e-300, 3.0, 4.0, 5.0, argument, argument, argument, argument, argument, argument,    \
        argument, argument, argument, argument, argument, argument, argument, argument

static bool is_filled(const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    while (size > 0 && *byte == GUARD) {
        byte++;
        size--;
    }
    return size == 0;
}

/// Counts the text, then stores it at every kind of limit; what is stored is the beginning of the
/// text.
static void check_narrow(const char *format, size_t limit)
{
    char whole[4096];
    char part[ARRAY_SIZE];
    const int length = halde_scprintf(format, ARGUMENTS);
    memset(part, GUARD, sizeof(part));
    const int part_length = halde_msvc_snprintf(part, limit, format, ARGUMENTS);
    if (length < 0) {
        EXPECT_INT(part_length, -1);
        EXPECT_TRUE(is_filled(part + limit, sizeof(part) - limit));
        return;
    }
    EXPECT_INT(part_length, (size_t)length <= limit ? length : -1);
    const size_t stored = (size_t)length < limit ? (size_t)length + 1 : limit;
    EXPECT_TRUE(is_filled(part + stored, sizeof(part) - stored));
    if ((size_t)length >= sizeof(whole)) {
        return;
    }
    EXPECT_INT(halde_sprintf(whole, format, ARGUMENTS), length);
    EXPECT_TRUE(memcmp(whole, part, stored) == 0);
}

static void check_wide_function(const wchar_t *format, size_t limit)
{
    wchar_t whole[4096];
    wchar_t part[ARRAY_SIZE];
    const int length = halde_scwprintf(format, ARGUMENTS);
    memset(part, GUARD, sizeof(part));
    const int part_length = halde_msvc_snwprintf(part, limit, format, ARGUMENTS);
    if (length < 0) {
        EXPECT_INT(part_length, -1);
        EXPECT_TRUE(is_filled(part + limit, sizeof(part) - limit * sizeof(wchar_t)));
        return;
    }
    EXPECT_INT(part_length, (size_t)length <= limit ? length : -1);
    const size_t stored = (size_t)length < limit ? (size_t)length + 1 : limit;
    EXPECT_TRUE(is_filled(part + stored, sizeof(part) - stored * sizeof(wchar_t)));
    if ((size_t)length >= _countof(whole)) {
        return;
    }
    EXPECT_INT(halde_msvc_swprintf(whole, format, ARGUMENTS), length);
    EXPECT_TRUE(wmemcmp(whole, part, stored) == 0);
}

/// The same format as wide characters, one for each byte.
static void widen(wchar_t *wide, const char *narrow)
{
    do {
        *wide++ = (wchar_t)(unsigned char)*narrow;
    } while (*narrow++ != '\0');
}

static void test_random_formats(void)
{
    struct random random = random_make(seed_start("tprintf_bounds"), 0);
    for (int i = 0; i < ROUNDS && test_failures() == 0; i++) {
        char format[12];
        wchar_t wide_format[12];
        random_format(&random, format, sizeof(format));
        widen(wide_format, format);
        const size_t limit = random_below(&random, ARRAY_SIZE / 2);
        check_narrow(format, limit);
        check_wide_function(wide_format, limit);
        if (test_failures() > 0) {
            test_note("format [%s], limit %zu", format, limit);
        }
    }
}

int main(void)
{
    test_sprintf_s();
    test_snprintf_s();
    test_old_snprintf();
    test_standard_snprintf();
    test_wide_limits();
    place_argument();
    test_random_formats();
    return test_result();
}
