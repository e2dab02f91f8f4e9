// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=mode=crt

// Calls that come before the checked functions are relocated, from a resolver that the dynamic
// linker runs, and before they know libc's, from an early constructor: they work like any other.

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static int answer(void)
{
    return 42;
}

static int wrong(void)
{
    return 1;
}

// Every result is compared with what is known.
static int functions_work(void)
{
    char buffer[32];
    wchar_t wide[8];
    memset(buffer, 'x', sizeof(buffer));
    memcpy(buffer, "hello", 6);
    memmove(buffer + 1, buffer, 6);
    return strlen(buffer) == 6 && strcmp(buffer, "hhello") == 0 &&
           strncmp(buffer, "hhex", 3) == 0 && strchr(buffer, 'o') == buffer + 5 &&
           strrchr(buffer, 'l') == buffer + 4 &&
           memchr(buffer, 'x', sizeof(buffer)) == buffer + 7 && memcmp(buffer, "hh", 2) == 0 &&
           strcasecmp(buffer, "HHELLO") == 0 && strstr(buffer, "ell") == buffer + 2 &&
           wcslen(wcscpy(wide, L"abc")) == 3 && wcscmp(wide, L"abd") < 0 &&
           wcschr(wide, L'c') == wide + 2 && wmemset(wide, L'y', 3)[2] == L'y';
}

static int (*resolve(void))(void)
{
    return functions_work() ? answer : wrong;
}

static int resolved(void) __attribute__((ifunc("resolve")));

static int early_answer;

__attribute__((constructor(101))) static void run_early(void)
{
    early_answer = functions_work();
}

int main(void)
{
    return resolved() == 42 && early_answer && functions_work() ? 0 : 1;
}
