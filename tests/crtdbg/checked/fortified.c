// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=mode=crt
// STDERR: HEAP BOUNDS: memcpy reads after the end of block (#1) at 0x@.
// STDERR: 12 bytes from offset 0 on; the block is Normal and 8 bytes long.
// STDERR:     at crtdbg.checked.fortified
// STDERR: HEAP BOUNDS: strcpy reads after the end of block (#1) at 0x@.
// STDERR: 9 bytes from offset 0 on; the block is Normal and 8 bytes long.
// STDERR:     at crtdbg.checked.fortified
// STDERR: HEAP BOUNDS: strncpy reads after the end of block (#1) at 0x@.
// STDERR: 9 bytes from offset 0 on; the block is Normal and 8 bytes long.
// STDERR:     at crtdbg.checked.fortified
// STDERR: HEAP BOUNDS: wcscpy reads after the end of block (#1) at 0x@.
// STDERR: 12 bytes from offset 0 on; the block is Normal and 8 bytes long.
// STDERR:     at crtdbg.checked.fortified

// The forms that a program compiled with _FORTIFY_SOURCE calls.

#include <stdlib.h>
#include <wchar.h>

extern void *__memcpy_chk(void *to, const void *from, size_t size, size_t capacity);
extern char *__strcpy_chk(char *to, const char *from, size_t capacity);
extern char *__strncpy_chk(char *to, const char *from, size_t size, size_t capacity);
extern char *__strcat_chk(char *to, const char *from, size_t capacity);
extern wchar_t *__wcscpy_chk(wchar_t *to, const wchar_t *from, size_t capacity);

static char text[100];
static wchar_t wide_text[100];

int main(void)
{
    char *block = malloc(8);
    for (unsigned i = 0; i < 8; i++) {
        block[i] = 'a';
    }
    __memcpy_chk(text, block, 8, sizeof(text));
    __memcpy_chk(text, block, 12, sizeof(text));
    volatile char *behind = block + 8;
    behind[0] = '\0';
    behind[1] = behind[2] = behind[3] = '\0';
    __strcpy_chk(text, block, sizeof(text));
    __strncpy_chk(text, block, 8, sizeof(text));
    __strncpy_chk(text, block, 20, sizeof(text));
    __strcat_chk(text, "b", sizeof(text));
    __wcscpy_chk(wide_text, (const wchar_t *)(const void *)block, 100);
    for (unsigned i = 0; i < 4; i++) {
        behind[i] = (char)0xFD;
    }
    free(block);
    return text[8] == 'b' ? 0 : 1;
}
