// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * main() for programs that define wmain: a library of its own, libhalde-wmain.a.
 *
 * The linker takes it only when the program has no main.  Arguments and environment are converted
 * as halde_stdio.h says: as UTF-8, since no program has chosen a locale yet, and a byte that is not
 * valid becomes U+DC80..U+DCFF, which turns into that byte again when it is printed or used as a
 * file name.
 *
 * wmain may have no, two or three parameters, in C and in C++, where it has a mangled name for each
 * form. A wmain that returns nothing gives an arbitrary exit status, as main does.
 */
#include <stdio.h>
#include <stdlib.h>

#include "halde-win32/tchar.h"

typedef int (*wmain_function)(int argc, wchar_t **argv, wchar_t **environment);

#define WEAK __attribute__((weak))

/// C: any number of parameters; those that it does not have are harmless on the ABIs of Linux.
int wmain(int argc, wchar_t **argv, wchar_t **environment) WEAK;

// C++, in the names that the Itanium C++ ABI gives to: (), (int, wchar_t **), the same with const
// strings, and both with the environment as a third parameter.
int wmain_cxx(int argc, wchar_t **argv, wchar_t **environment) __asm__("_Z5wmainv") WEAK;
int wmain_cxx_argv(int argc, wchar_t **argv, wchar_t **environment) __asm__("_Z5wmainiPPw") WEAK;
int wmain_cxx_const_argv(int argc, wchar_t **argv, wchar_t **environment) __asm__(
    "_Z5wmainiPPKw") WEAK;
int wmain_cxx_environment(int argc, wchar_t **argv, wchar_t **environment) __asm__(
    "_Z5wmainiPPwS0_") WEAK;
int wmain_cxx_const_environment(int argc, wchar_t **argv, wchar_t **environment) __asm__(
    "_Z5wmainiPPKwS1_") WEAK;

static wmain_function find_wmain(void)
{
    const wmain_function candidates[] = {wmain, wmain_cxx, wmain_cxx_argv, wmain_cxx_const_argv,
        wmain_cxx_environment, wmain_cxx_const_environment};
    for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
        if (candidates[i] != NULL) {
            return candidates[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    // Kept for the whole life of the process; static, so that leak checkers see it.
    static wchar_t **wide_argv;
    const wmain_function program = find_wmain();
    if (program == NULL) {
        fputs("halde: the program defines neither main nor wmain\n", stderr);
        return EXIT_FAILURE;
    }
    wide_argv = halde_wide_strings(argv);
    wchar_t **wide_environment = halde_wenviron();
    if (wide_argv == NULL || wide_environment == NULL) {
        fputs("halde: no memory for the arguments of wmain\n", stderr);
        return EXIT_FAILURE;
    }
    return program(argc, wide_argv, wide_environment);
}
