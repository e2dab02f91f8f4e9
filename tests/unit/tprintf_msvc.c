// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// HALDE_MSVC_PRINTF, win32-heap.md 1.4: the C library's own names print as Microsoft's do.
#define HALDE_MSVC_PRINTF 1
#include <halde-win32/halde_stdio.h>

#include <stdlib.h>
#include <unistd.h>

/// A program's own function: its attribute names libc's printf and stays valid.
static int print(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int print(char *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = vsprintf(text, format, args);
    va_end(args);
    return length;
}

static int print_list_n(char *text, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(text, size, format, args);
    va_end(args);
    return length;
}

static int print_wide_list(wchar_t *text, size_t size, const wchar_t *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = vswprintf(text, size, format, args);
    va_end(args);
    return length;
}

static int print_list(FILE *stream, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = stream != NULL ? vfprintf(stream, format, args) : vprintf(format, args);
    va_end(args);
    return length;
}

static int print_wide(FILE *stream, const wchar_t *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = stream != NULL ? vfwprintf(stream, format, args) : vwprintf(format, args);
    va_end(args);
    return length;
}

static int failures;

static void expect(int condition, const char *text)
{
    if (!condition) {
        failures++;
        fputs(text, stderr);
        fputc('\n', stderr);
    }
}
#define EXPECT(condition) expect(condition, #condition)

static int is_same(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return *left == *right;
}

static void test_strings(void)
{
    char text[64];
    wchar_t wide[64];
    EXPECT(sprintf(text, "%#p", (void *)1) == 18 && is_same(text, "0X0000000000000001"));
    EXPECT(snprintf(text, sizeof(text), "%I64d", 5LL) == 1 && is_same(text, "5"));
    EXPECT(print(text, "%p", (void *)0) == 16 && is_same(text, "0000000000000000"));
    EXPECT(print_list_n(text, sizeof(text), "%Iu", (size_t)0x1234567890) == 11);
    EXPECT(swprintf(wide, 64, L"%s|%S", L"w", "n") == 3 && wcscmp(wide, L"w|n") == 0);
    EXPECT(print_wide_list(wide, 64, L"%s", L"w") == 1);
    EXPECT(_snprintf(text, 2, "%d", 123) == -1);
    EXPECT(sprintf_s(text, 2, "%d", 123) == -1 && text[0] == '\0');
}

/// The wide functions of <wchar.h> leave the stream to printf.
static void test_stdout(void)
{
    FILE *scratch = tmpfile();
    fflush(stdout);
    const int saved = dup(STDOUT_FILENO);
    dup2(fileno(scratch), STDOUT_FILENO);
    EXPECT(wprintf(L"%s ", L"1") == 2);
    EXPECT(printf("%S ", L"2") == 2);
    EXPECT(fwprintf(stdout, L"%hs ", "3") == 2);
    EXPECT(fprintf(stdout, "%I32d ", 4) == 2);
    EXPECT(print_list(stdout, "%ws ", L"5") == 2 && print_list(NULL, "%hs ", "6") == 2);
    EXPECT(print_wide(stdout, L"%s ", L"7") == 2 && print_wide(NULL, L"%S ", "8") == 2);
    EXPECT(fputws(L"9 ", stdout) == 0 && putwc(L'a', stdout) == L'a');
    EXPECT(fputwc(L'b', stdout) == L'b' && putwchar(L'c') == L'c' && putchar('\n') == '\n');
    EXPECT(fwide(stdout, 0) < 0);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    rewind(scratch);
    wchar_t line[64];
    EXPECT(fgetws(line, 64, scratch) == line && wcscmp(line, L"1 2 3 4 5 6 7 8 9 abc\n") == 0);
    rewind(scratch);
    EXPECT(fgetwc(scratch) == L'1' && getwc(scratch) == L' ' && ungetwc(L'x', scratch) == L'x');
    EXPECT(fgetwc(scratch) == L'x');
    fclose(scratch);
}

/// Addresses are libc's.
static void test_addresses(void)
{
    int (*own)(char *restrict, const char *restrict, ...) = sprintf;
    char text[64];
    EXPECT(own(text, "%p", (void *)0x10) == 4 && is_same(text, "0x10"));
}

int main(void)
{
    test_strings();
    test_stdout();
    test_addresses();
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
