// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=mode=crt
// STDERR: HEAP BOUNDS: strlen reads after the end of block (#1) at 0x@.
// STDERR: 6 bytes from offset 0 on; the block is Normal and 5 bytes long.
// STDERR:     at crtdbg.checked.strings
// STDERR: HEAP BOUNDS: strcpy reads after the end of block (#1) at 0x@.
// STDERR: 6 bytes from offset 0 on; the block is Normal and 5 bytes long.
// STDERR:     at crtdbg.checked.strings
// STDERR: HEAP BOUNDS: strnlen reads after the end of block (#1) at 0x@.
// STDERR: 6 bytes from offset 0 on; the block is Normal and 5 bytes long.
// STDERR:     at crtdbg.checked.strings
// STDERR: HEAP BOUNDS: strncpy writes after the end of block (#1) at 0x@.
// STDERR: 7 bytes from offset 0 on; the block is Normal and 5 bytes long.
// STDERR:     at crtdbg.checked.strings
// STDERR: HEAP BOUNDS: strcat writes after the end of block (#2) at 0x@.
// STDERR: 4 bytes from offset 3 on; the block is Normal and 6 bytes long.
// STDERR:     at crtdbg.checked.strings
// STDERR: HEAP BOUNDS: strncat writes after the end of block (#2) at 0x@.
// STDERR: 4 bytes from offset 3 on; the block is Normal and 6 bytes long.
// STDERR:     at crtdbg.checked.strings
// STDERR: HEAP BOUNDS: strcmp reads after the end of block (#1) at 0x@.
// STDERR: 6 bytes from offset 0 on; the block is Normal and 5 bytes long.
// STDERR:     at crtdbg.checked.strings
// STDERR: HEAP BOUNDS: strncmp reads after the end of block (#1) at 0x@.
// STDERR: 6 bytes from offset 0 on; the block is Normal and 5 bytes long.
// STDERR:     at crtdbg.checked.strings
// STDERR: HEAP BOUNDS: strchr reads after the end of block (#1) at 0x@.
// STDERR: 6 bytes from offset 0 on; the block is Normal and 5 bytes long.
// STDERR:     at crtdbg.checked.strings
// STDERR: HEAP BOUNDS: strrchr reads after the end of block (#1) at 0x@.
// STDERR: 6 bytes from offset 0 on; the block is Normal and 5 bytes long.
// STDERR:     at crtdbg.checked.strings
// STDERR: HEAP BOUNDS: strdup reads after the end of block (#1) at 0x@.
// STDERR: 6 bytes from offset 0 on; the block is Normal and 5 bytes long.
// STDERR:     at crtdbg.checked.strings
// STDERR: HEAP BOUNDS: wcslen reads after the end of block (#4) at 0x@.
// STDERR: 20 bytes from offset 0 on; the block is Normal and 16 bytes long.
// STDERR:     at crtdbg.checked.strings
// STDERR: HEAP BOUNDS: wcscpy writes after the end of block (#4) at 0x@.
// STDERR: 20 bytes from offset 0 on; the block is Normal and 16 bytes long.
// STDERR:     at crtdbg.checked.strings
// STDERR: HEAP BOUNDS: wcsncpy writes after the end of block (#4) at 0x@.
// STDERR: 24 bytes from offset 0 on; the block is Normal and 16 bytes long.
// STDERR:     at crtdbg.checked.strings
// STDERR: HEAP BOUNDS: wmemset writes before the start of block (#4) at 0x@.
// STDERR: 8 bytes from offset -4 on; the block is Normal and 16 bytes long.
// STDERR:     at crtdbg.checked.strings

// Strings without end, and copies that are too long, narrow and wide.  What is written beyond a
// block is put right again, so that only these functions speak.

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static char text[100];
static wchar_t wide_text[100];
static volatile size_t sink;

static void narrow(void)
{
    char *open = malloc(5); // a string without end
    memset(open, 'x', 5);
    open[5] = '\0'; // so that libc's functions end, too
    sink = strlen(open);
    strcpy(text, open);
    sink = strnlen(open, 5);
    sink = strnlen(open, 6);
    strncpy(text, open, 5);
    strncpy(open, "xxxxx", 7);
    char *full = malloc(6);
    strcpy(full, "abc");
    strcat(full, "de");
    full[3] = '\0';
    strcat(full, "def");
    memset(full + 3, 0, 3);
    strncat(full, "defgh", 3);
    sink = (size_t)strcmp(open, "xxy");
    sink = (size_t)strcmp(open, "xxxxx");
    sink = (size_t)strncmp(open, "xxxxxx", 5);
    sink = (size_t)strncmp(open, "xxxxxx", 6);
    sink = strchr(open, 'x') == open;
    sink = strchr(open, 'y') == NULL;
    sink = strrchr(open, 'x') == open + 4;
    free(strdup(open));
    memset(open, 0xFD, 0);
    ((volatile unsigned char *)open)[5] = 0xFD;
    ((volatile unsigned char *)open)[6] = 0xFD;
    ((volatile unsigned char *)full)[6] = 0xFD;
    free(full);
    free(open);
}

static void wide(void)
{
    wchar_t *open = malloc(4 * sizeof(wchar_t));
    unsigned char saved[3 * sizeof(wchar_t)];
    for (size_t i = 0; i < sizeof(saved); i++) {
        saved[i] = 0xFD;
    }
    wmemset(open, L'x', 4);
    ((volatile wchar_t *)open)[4] = L'\0';
    sink = wcslen(open);
    sink = wcsnlen(open, 4);
    wcscpy(wide_text, L"abcd");
    wcscpy(open, wide_text);
    wcsncpy(open, wide_text, 4);
    wcsncpy(open, wide_text, 6);
    sink = (size_t)wcscmp(open, L"abx");
    sink = wcschr(open, L'c') == open + 2;
    wmemset(open - 1, (wchar_t)0xFDFDFDFD, 2);
    for (size_t i = 0; i < sizeof(saved); i++) {
        ((volatile unsigned char *)(open + 4))[i] = saved[i];
    }
    free(open);
}

int main(void)
{
    narrow();
    wide();
    return 0;
}
