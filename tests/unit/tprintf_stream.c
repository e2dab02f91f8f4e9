// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Streams, win32-heap.md 1.3: narrow and wide output mix on one stream in any order, nothing
 * changes its orientation, wide input comes from byte streams, errors are reported, one call is
 * atomic among threads.
 */
#define _UNICODE
#include <halde-win32/tchar.h>

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "tprintf_check.h"

#define SIZE 4096

/// A stream on an unnamed file.
static FILE *open_scratch(void)
{
    FILE *stream = tmpfile();
    if (stream == NULL) {
        test_skip("no temporary file");
    }
    return stream;
}

/// Everything in the stream's file, as bytes; other streams are not disturbed.
static void read_back(FILE *stream, char *bytes, size_t capacity)
{
    fflush(stream);
    const ssize_t size = pread(fileno(stream), bytes, capacity - 1, 0);
    bytes[size > 0 ? size : 0] = '\0';
}

/// printf, puts, _tprintf and _putts in turn, on stdout itself.
static void test_mixed_stdout(void)
{
    FILE *scratch = open_scratch();
    fflush(stdout);
    const int saved = dup(STDOUT_FILENO);
    dup2(fileno(scratch), STDOUT_FILENO);

    _tprintf(_T("1 %s %d\n"), _T("wide"), 1);
    printf("2 %s\n", "plain");
    _putts(_T("3 \u00E4"));
    puts("4");
    _fputts(_T("5 "), stdout);
    _puttchar(_T('\u20AC'));
    putchar('\n');
    halde_printf("6 %S %s\n", L"\u00E4", "narrow");
    EXPECT_INT(_tprintf(_T("7 %hs \u00E4%c\n"), "narrow", L'\u00F6'), 12);
    EXPECT_TRUE(fwide(stdout, 0) < 0); // bytes, since printf needs them

    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    char bytes[SIZE];
    read_back(scratch, bytes, sizeof(bytes));
    EXPECT_TEXT(bytes, "1 wide 1\n2 plain\n3 \xC3\xA4\n4\n5 \xE2\x82\xAC\n6 \xC3\xA4 narrow\n"
                       "7 narrow \xC3\xA4\xC3\xB6\n");
    fclose(scratch);
}

/// The first use of a fresh stream is wide output; afterwards libc's narrow functions work.
static void test_orientation(void)
{
    FILE *stream = open_scratch();
    EXPECT_INT(_ftprintf(stream, _T("%s"), _T("w\u00E4")), 2);
    EXPECT_TRUE(fwide(stream, 0) < 0);
    EXPECT_INT(fprintf(stream, "n"), 1);
    EXPECT_INT(_fputts(_T("x"), stream), 0);
    EXPECT_INT(_puttc(_T('\u00E4'), stream), 0xE4);
    EXPECT_INT(fputs("y", stream) >= 0, 1);
    char bytes[SIZE];
    read_back(stream, bytes, sizeof(bytes));
    EXPECT_TEXT(bytes, "w\xC3\xA4nx\xC3\xA4y");
    fclose(stream);
}

/// A stream that libc's wide functions have claimed is served, too.
static void test_wide_stream(void)
{
    FILE *stream = open_scratch();
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) {
        test_note("no locale C.UTF-8: wide streams are tested with ASCII");
    }
    fwide(stream, 1);
    const bool is_utf8 = MB_CUR_MAX > 1;
    const wchar_t *text = is_utf8 ? L"\u00E4\u20AC" : L"ae";
    EXPECT_INT(_ftprintf(stream, _T("%s|%d|"), text, 12), 6);
    EXPECT_INT(halde_fprintf(stream, "%S|%3000d", text, 7), (is_utf8 ? 5 : 2) + 1 + 3000);
    EXPECT_INT(_fputts(L"|\xDCFF", stream), 0); // not a character: the stream cannot take the byte
    EXPECT_TRUE(fwide(stream, 0) > 0);
    EXPECT_INT(ferror(stream), 0);
    rewind(stream);
    wchar_t line[SIZE];
    EXPECT_TRUE(_fgetts(line, SIZE, stream) == line);
    EXPECT_INT((long long)wcslen(line), 2 + 1 + 2 + 1 + 2 + 1 + 3000 + 2);
    EXPECT_TRUE(wcsncmp(line, text, 2) == 0);
    EXPECT_WIDE(line + wcslen(line) - 3, L"7|?");
    fclose(stream);

    // A character that lies across the formatter's 1024 bytes; and text before a bad conversion.
    stream = open_scratch();
    fwide(stream, 1);
    EXPECT_INT(halde_fprintf(stream, "%1023d%S|", 7, text), 1023 + (is_utf8 ? 5 : 2) + 1);
    EXPECT_INT(_ftprintf(stream, _T("last%n"), NULL), -1);
    rewind(stream);
    EXPECT_TRUE(_fgetts(line, SIZE, stream) == line);
    EXPECT_INT((long long)wcslen(line), 1023 + 2 + 1 + 4);
    EXPECT_TRUE(wcsncmp(line + 1023, text, 2) == 0);
    EXPECT_WIDE(line + 1025, L"|last");
    EXPECT_INT(fseek(stream, 0, SEEK_END), 0);
    EXPECT_INT(halde_fprintf(stream, "\n<\xC3"), 3); // an unfinished character is not held back
    rewind(stream);
    EXPECT_TRUE(_fgetts(line, SIZE, stream) == line && _fgetts(line, SIZE, stream) == line);
    EXPECT_WIDE(line, L"<?");
    fclose(stream);
    setlocale(LC_CTYPE, "C");
}

/// Wide input: lines, limits, characters that are none, and back.
static void test_input(void)
{
    FILE *stream = open_scratch();
    fputs("a\xC3\xA4\xE2\x82\xAC\n\xF0\x9F\x98\x80\xFFx\nlong line\n\xE2\x82", stream);
    rewind(stream);
    wchar_t line[16];
    EXPECT_TRUE(_fgetts(line, 16, stream) == line);
    EXPECT_WIDE(line, L"a\u00E4\u20AC\n");
    EXPECT_TRUE(_fgetts(line, 16, stream) == line);
    EXPECT_WIDE(line, L"\U0001F600\xDCFFx\n");
    EXPECT_TRUE(_fgetts(line, 5, stream) == line);
    EXPECT_WIDE(line, L"long");
    EXPECT_TRUE(_fgetts(line, 1, stream) == line);
    EXPECT_WIDE(line, L"");
    EXPECT_INT(_fgettc(stream), ' ');
    EXPECT_INT(_ungettc(L'\u20AC', stream), 0x20AC);
    EXPECT_INT(_fgettc(stream), 0x20AC);
    EXPECT_TRUE(_fgetts(line, 16, stream) == line);
    EXPECT_WIDE(line, L"line\n");
    EXPECT_TRUE(_fgetts(line, 16, stream) == line); // an unfinished character at the end
    EXPECT_WIDE(line, L"\xDCE2\xDC82");
    EXPECT_TRUE(_fgetts(line, 16, stream) == NULL);
    EXPECT_TRUE(_fgettc(stream) == WEOF);
    EXPECT_TRUE(fwide(stream, 0) < 0);
    fclose(stream);
}

/// What was read is written again byte for byte, whatever it is.
static void test_round_trip(void)
{
    FILE *in = open_scratch();
    FILE *out = open_scratch();
    uint32_t state = 12345;
    for (int i = 0; i < 3000; i++) {
        state = state * 1664525 + 1013904223;
        const int byte = (int)(state >> 24);
        putc(byte != 0 ? byte : '\n', in);
    }
    rewind(in);
    wchar_t line[64];
    while (_fgetts(line, 64, in) != NULL) {
        EXPECT_TRUE(_ftprintf(out, _T("%s"), line) > 0);
    }
    char read_bytes[SIZE];
    char written_bytes[SIZE];
    read_back(in, read_bytes, sizeof(read_bytes));
    read_back(out, written_bytes, sizeof(written_bytes));
    EXPECT_INT((long long)strlen(read_bytes), 3000);
    EXPECT_TRUE(strcmp(read_bytes, written_bytes) == 0);
    fclose(in);
    fclose(out);
}

/// _getts_s on stdin.
static void test_gets(void)
{
    FILE *scratch = open_scratch();
    fputs("first\nmuch too long\nthird", scratch);
    fflush(scratch);
    lseek(fileno(scratch), 0, SEEK_SET);
    const int saved = dup(STDIN_FILENO);
    dup2(fileno(scratch), STDIN_FILENO);
    wchar_t line[8] = L"#";
    EXPECT_TRUE(_getts_s(line, 8) == line);
    EXPECT_WIDE(line, L"first");
    errno = 0;
    EXPECT_TRUE(_getts_s(line, 8) == NULL);
    EXPECT_INT(errno, ERANGE);
    EXPECT_WIDE(line, L"");
    char narrow[8];
    EXPECT_TRUE(gets_s(narrow, 8) == narrow);
    EXPECT_TEXT(narrow, "third");
    EXPECT_TRUE(gets_s(narrow, 8) == NULL);
    EXPECT_TRUE(_getts_s(line, 8) == NULL);
    EXPECT_TRUE(_getts_s(NULL, 8) == NULL);
    if (saved >= 0) {
        dup2(saved, STDIN_FILENO);
        close(saved);
    }
    fclose(scratch);
}

/// The errno of the stream arrives; what came before a bad conversion is written.
static void test_errors(void)
{
    FILE *full = fopen("/dev/full", "w");
    if (full != NULL) {
        setvbuf(full, NULL, _IONBF, 0);
        errno = 0;
        EXPECT_INT(_ftprintf(full, _T("x")), -1);
        EXPECT_INT(errno, ENOSPC);
        EXPECT_INT(_fputts(_T("x"), full), EOF);
        EXPECT_TRUE(_puttc(_T('x'), full) == WEOF);
        // A field that is too long is refused before any of it is written.
        const _TCHAR *const too_long[] = {
            _T("x%2147483647d"), _T("x%2147483647s"), _T("x%2147483647hs")};
        EXPECT_INT(_ftprintf(full, too_long[0], 1), -1);
        EXPECT_INT(errno, EOVERFLOW);
        EXPECT_INT(_ftprintf(full, too_long[1], _T("s")), -1);
        EXPECT_INT(errno, EOVERFLOW);
        EXPECT_INT(_ftprintf(full, too_long[2], "s"), -1);
        EXPECT_INT(errno, EOVERFLOW);
        fclose(full);
    }
    FILE *read_only = fopen("/dev/null", "r");
    errno = 0;
    EXPECT_INT(_ftprintf(read_only, _T("x")), -1);
    EXPECT_INT(errno, EBADF);
    EXPECT_INT(halde_fprintf(read_only, "x"), -1);
    fclose(read_only);

    FILE *stream = open_scratch();
    errno = 0;
    EXPECT_INT(_ftprintf(stream, _T("before %n after"), NULL), -1);
    EXPECT_INT(errno, EINVAL);
    EXPECT_INT(_ftprintf_s(stream, _T("|checked %y")), -1);
    char bytes[SIZE];
    read_back(stream, bytes, 40);
    EXPECT_TRUE(strncmp(bytes, "before |checked ", 17) == 0);
    fclose(stream);

    errno = 0;
    EXPECT_INT(_ftprintf(NULL, _T("x")), -1);
    EXPECT_INT(errno, EINVAL);
    errno = 0;
    EXPECT_INT(_tprintf(NULL), -1);
    EXPECT_INT(errno, EINVAL);
    EXPECT_INT(_fputts(NULL, stdout), EOF);
}

/// Success keeps errno, also where libc sets it on the way (a first write asks whether this is a
/// terminal).
static void test_errno_kept(void)
{
    FILE *stream = open_scratch();
    errno = 4711;
    EXPECT_INT(_ftprintf(stream, _T("%s %S %5000d\n"), _T("\u00E4"), "\xFF", 1), 5005);
    EXPECT_INT(_fputts(_T("x\n"), stream), 0);
    EXPECT_INT(errno, 4711);
    fclose(stream);
}

enum {
    THREADS = 4,
    LINES = 300,
    COLUMNS = 1500 ///< more than the formatter collects before it writes
};

struct writer {
    FILE *stream;
    char letter;
};

static void *write_lines(void *argument)
{
    const struct writer *writer = argument;
    wchar_t text[COLUMNS + 1];
    wmemset(text, (wchar_t)writer->letter, COLUMNS);
    text[COLUMNS] = L'\0';
    for (int i = 0; i < LINES; i++) {
        _ftprintf(writer->stream, _T("%s\n"), text);
    }
    return NULL;
}

/// Lines of several threads are never torn.
static void test_atomic(void)
{
    FILE *stream = open_scratch();
    setvbuf(stream, NULL, _IOFBF, 512);
    pthread_t threads[THREADS];
    struct writer writers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){stream, (char)('a' + i)};
        if (pthread_create(&threads[i], NULL, write_lines, &writers[i]) != 0) {
            test_skip("no thread");
        }
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    rewind(stream);
    char line[COLUMNS + 2];
    int lines = 0;
    while (fgets(line, sizeof(line), stream) != NULL) {
        const char letter[] = {line[0], '\0'};
        EXPECT_INT((long long)strspn(line, letter), COLUMNS);
        lines++;
    }
    EXPECT_INT(lines, THREADS * LINES);
    fclose(stream);
}

int main(void)
{
    test_mixed_stdout();
    test_orientation();
    test_wide_stream();
    test_input();
    test_round_trip();
    test_gets();
    test_errors();
    test_errno_kept();
    test_atomic();
    return test_result();
}
