// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The ways in which a process becomes another program, as far as it reaches them by name: the
// collector is told, so that it can tell this end from others.  For the preload object only.
//
// These may be called in signal handlers and in children of vfork(), so nothing here allocates or
// locks.

#include "malloc/family.h"

#include <alloca.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

// Constant once the constructors have run.
static struct {
    int (*execve)(const char *path, char *const words[], char *const environment[]);
    int (*execvpe)(const char *name, char *const words[], char *const environment[]);
    int (*fexecve)(int descriptor, char *const words[], char *const environment[]);
    int (*execveat)(
        int folder, const char *path, char *const words[], char *const environment[], int flags);
} libc;

__attribute__((constructor(102))) static void find_functions(void)
{
    *(void **)&libc.execve = dlsym(RTLD_NEXT, "execve");
    *(void **)&libc.execvpe = dlsym(RTLD_NEXT, "execvpe");
    *(void **)&libc.fexecve = dlsym(RTLD_NEXT, "fexecve");
    *(void **)&libc.execveat = dlsym(RTLD_NEXT, "execveat");
}

static int fail(void)
{
    errno = ENOSYS;
    return -1;
}

// Tells the collector, by whichever of the process's Haldes records.
static void tell(bool is_replacing)
{
    const struct malloc_family *linked = family_linked();
    if (linked != NULL) {
        linked->replacing(is_replacing);
    } else {
        malloc_recorder_replacing(is_replacing);
    }
}

// Who is still here has not become another program.
static int come_back(int result)
{
    tell(false);
    return result;
}

static int execute(const char *path, char *const words[], char *const environment[])
{
    if (libc.execve == NULL) {
        return fail();
    }
    tell(true);
    return come_back(libc.execve(path, words, environment));
}

static int execute_by_name(const char *name, char *const words[], char *const environment[])
{
    if (libc.execvpe == NULL) {
        return fail();
    }
    tell(true);
    return come_back(libc.execvpe(name, words, environment));
}

HALDE_API int execve(const char *path, char *const words[], char *const environment[])
{
    return execute(path, words, environment);
}

HALDE_API int execv(const char *path, char *const words[])
{
    return execute(path, words, environ);
}

HALDE_API int execvp(const char *name, char *const words[])
{
    return execute_by_name(name, words, environ);
}

HALDE_API int execvpe(const char *name, char *const words[], char *const environment[])
{
    return execute_by_name(name, words, environment);
}

HALDE_API int fexecve(int descriptor, char *const words[], char *const environment[])
{
    if (libc.fexecve == NULL) {
        return fail();
    }
    tell(true);
    return come_back(libc.fexecve(descriptor, words, environment));
}

HALDE_API int execveat(
    int folder, const char *path, char *const words[], char *const environment[], int flags)
{
    if (libc.execveat == NULL) {
        return fail();
    }
    tell(true);
    return come_back(libc.execveat(folder, path, words, environment, flags));
}

// ---- Words one by one ---------------------------------------------------------------------------

// How many words there are, the NULL behind them included.
static size_t count_words(const char *first, va_list list)
{
    size_t count = 1;
    for (const char *word = first; word != NULL; word = va_arg(list, const char *)) {
        count++;
    }
    return count;
}

// Leaves `list` behind the NULL.
static void copy_words(char **words, const char *first, va_list *list)
{
    char *word = (char *)(uintptr_t)first;
    for (; word != NULL; word = va_arg(*list, char *)) {
        *words++ = word;
    }
    *words = NULL;
}

static size_t size_of_words(const char *first, va_list *list)
{
    va_list copy;
    va_copy(copy, *list);
    const size_t count = count_words(first, copy);
    va_end(copy);
    return count * sizeof(char *);
}

HALDE_API int execl(const char *path, const char *first, ...)
{
    va_list list;
    va_start(list, first);
    char **words = alloca(size_of_words(first, &list));
    copy_words(words, first, &list);
    va_end(list);
    return execute(path, words, environ);
}

HALDE_API int execlp(const char *name, const char *first, ...)
{
    va_list list;
    va_start(list, first);
    char **words = alloca(size_of_words(first, &list));
    copy_words(words, first, &list);
    va_end(list);
    return execute_by_name(name, words, environ);
}

HALDE_API int execle(const char *path, const char *first, ...)
{
    va_list list;
    va_start(list, first);
    char **words = alloca(size_of_words(first, &list));
    copy_words(words, first, &list);
    char **environment = va_arg(list, char **);
    va_end(list);
    return execute(path, words, environment);
}
