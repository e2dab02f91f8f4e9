// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=mode=crt

// All functions on strings and memory of many lengths, each in a block of exactly its size: results
// are those of plain loops, and nothing is said.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>

static unsigned failures;

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s(%d): %s\n", __FILE__, __LINE__, #condition);                       \
            failures++;                                                                            \
        }                                                                                          \
    } while (0)

static char *string_of(size_t length)
{
    char *string = malloc(length + 1);
    for (size_t i = 0; i < length; i++) {
        string[i] = (char)('a' + i % 23);
    }
    string[length] = '\0';
    return string;
}

static void copies(size_t length)
{
    char *from = string_of(length);
    char *to = malloc(length + 1);
    EXPECT(strcpy(to, from) == to && strcmp(to, from) == 0);
    EXPECT(stpcpy(to, from) == to + length);
    EXPECT(memcpy(to, from, length + 1) == to && memcmp(to, from, length + 1) == 0);
    EXPECT((char *)mempcpy(to, from, length) == to + length);
    EXPECT(strncpy(to, from, length) == to && stpncpy(to, from, length + 1) == to + length);
    memset(to, 0, length + 1);
    EXPECT(strncat(to, from, length + 5) == to && strcmp(to, from) == 0);
    to[0] = '\0';
    EXPECT(strcat(to, from) == to && strcasecmp(to, from) == 0);
    // NOLINTBEGIN(clang-analyzer-security.insecureAPI.*): they are checked, too
    bcopy(from, to, length);
    bzero(to, length + 1);
    // NOLINTEND(clang-analyzer-security.insecureAPI.*)
    EXPECT(to[0] == '\0' && (length == 0 || to[length - 1] == '\0'));
    char *copy = strndup(from, length + 3);
    EXPECT(strncmp(copy, from, length + 10) == 0 && strncasecmp(copy, from, length) == 0);
    EXPECT(memmove(copy, copy + 1, length) == copy && strcmp(copy, from + (length > 0)) == 0);
    free(copy);
    free(to);
    free(from);
}

static void searches(size_t length)
{
    char *string = string_of(length);
    EXPECT(strlen(string) == length && strnlen(string, length + 9) == length);
    EXPECT(strnlen(string, length / 2) == length / 2);
    EXPECT(strchr(string, '\0') == string + length && strchr(string, '?') == NULL);
    EXPECT(strrchr(string, '\0') == string + length && strrchr(string, '?') == NULL);
    EXPECT(strchrnul(string, '?') == string + length);
    EXPECT(memchr(string, '\0', length + 1) == string + length);
    EXPECT(memrchr(string, '\0', length + 1) == string + length);
    EXPECT(memchr(string, '?', length + 1) == NULL);
    EXPECT(strstr(string, "abc") == (length >= 3 ? string : NULL));
    EXPECT(index(string, 'a') == (length > 0 ? string : NULL));
    free(string);
}

static void wide(size_t length)
{
    wchar_t *from = malloc((length + 1) * sizeof(wchar_t));
    wchar_t *to = malloc((length + 1) * sizeof(wchar_t));
    for (size_t i = 0; i < length; i++) {
        from[i] = (wchar_t)(0x3B1 + i % 20);
    }
    from[length] = L'\0';
    EXPECT(wcslen(from) == length && wcsnlen(from, length + 4) == length);
    EXPECT(wcscpy(to, from) == to && wcscmp(to, from) == 0 && wcpcpy(to, from) == to + length);
    EXPECT(wcsncpy(to, from, length + 1) == to && wcsncmp(to, from, length + 9) == 0);
    EXPECT(wmemcpy(to, from, length) == to && wmemcmp(to, from, length) == 0);
    EXPECT(wmempcpy(to, from, length) == to + length && wmemmove(to, from, length + 1) == to);
    EXPECT(wcschr(from, L'\0') == from + length && wcsrchr(from, L'?') == NULL);
    EXPECT(wmemchr(from, L'\0', length + 1) == from + length);
    to[0] = L'\0';
    EXPECT(wcscat(to, from) == to && wcscmp(to, from) == 0);
    to[0] = L'\0';
    EXPECT(wcsncat(to, from, length + 1) == to && wcslen(to) == length);
    EXPECT(wmemset(to, L'w', length + 1) == to && to[length] == L'w');
    wchar_t *copy = wcsdup(from);
    EXPECT(wcscmp(copy, from) == 0);
    free(copy);
    free(to);
    free(from);
}

int main(void)
{
    for (size_t length = 0; length < 300; length++) {
        copies(length);
        searches(length);
        wide(length);
    }
    return failures == 0 ? 0 : 1;
}
