// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Copies of strings, paths, temporary names, environment variables: results, sizes, and the type,
// file and line of their blocks. Sources: _strdup_dbg, _tempnam_dbg, _fullpath_dbg, _getcwd_dbg,
// _getdcwd_dbg, _dupenv_s_dbg, and the same without _dbg.
#define _DEBUG
#include "capture.h"

#include <direct.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

static struct capture capture;

#define CLIENT_7 (_CLIENT_BLOCK | (7 << 16))

// A block of the debug heap: its size, type, file and line are those of the call; then it is freed.
static void expect_block(
    struct test_place place, void *block, size_t size, int block_use, const char *file, int line)
{
    char *found_file = NULL;
    int found_line = 0;
    long request = 0;
    if (!_CrtIsMemoryBlock(block, (unsigned)size, &request, &found_file, &found_line)) {
        test_fail(place, "no block of %zu bytes, but of %zu", size,
            block != NULL ? _msize_dbg(block, block_use) : 0);
        return;
    }
    if (_CrtReportBlockType(block) != block_use || found_file != file || found_line != line ||
        request == 0) {
        test_fail(place, "type 0x%x, file %s, line %d", (unsigned)_CrtReportBlockType(block),
            found_file != NULL ? found_file : "NULL", found_line);
    }
    _free_dbg(block, block_use);
}
#define EXPECT_BLOCK(block, size) expect_block(CHECK_HERE, (block), (size), CLIENT_7, FILE_NAME, 5)

static const char FILE_NAME[] = "some.c";
#define HERE CLIENT_7, FILE_NAME, 5

static void test_copies(void)
{
    errno = 0;
    EXPECT_TRUE(_strdup_dbg(NULL, HERE) == NULL && _wcsdup_dbg(NULL, HERE) == NULL);
    void *none[] = {_strdup(NULL), _wcsdup(NULL), _mbsdup(NULL)};
    for (size_t i = 0; i < _countof(none); i++) {
        EXPECT_POINTER(none[i], NULL);
        free(none[i]);
    }
    EXPECT_INT(errno, 0);
    char *copy = _strdup_dbg("text", HERE);
    EXPECT_TEXT(copy, "text");
    EXPECT_BLOCK(copy, 5);
    wchar_t *wide = _wcsdup_dbg(L"w\u00e4", HERE);
    EXPECT_TRUE(wide != NULL && wcscmp(wide, L"w\u00e4") == 0);
    EXPECT_BLOCK(wide, 3 * sizeof(wchar_t));
    copy = _strdup("plain");
    EXPECT_TEXT(copy, "plain");
    free(copy);
    wide = _wcsdup(L"");
    EXPECT_TRUE(wide != NULL && wide[0] == L'\0');
    free(wide);
    unsigned char *bytes = _mbsdup((const unsigned char *)"b");
    EXPECT_TRUE(bytes != NULL && bytes[0] == 'b' && bytes[1] == 0);
    free(bytes);
}

// ---- Paths ------------------------------------------------------------------------------------

static char folder[PATH_MAX];

static void test_current_folder(void)
{
    ASSERT_NOT_NULL((getcwd)(folder, sizeof(folder)));
    const size_t size = strlen(folder) + 1;
    char buffer[PATH_MAX];
    wchar_t wide_buffer[PATH_MAX];
    char *path = _getcwd_dbg(NULL, 0, HERE);
    EXPECT_TEXT(path, folder);
    EXPECT_BLOCK(path, size);
    path = _getcwd_dbg(NULL, 2, HERE); // grows
    EXPECT_TEXT(path, folder);
    EXPECT_BLOCK(path, size);
    path = _getcwd_dbg(NULL, 5000, HERE); // at least
    EXPECT_TEXT(path, folder);
    EXPECT_BLOCK(path, 5000);
    wchar_t *wide = _wgetcwd_dbg(NULL, 1, HERE);
    EXPECT_TRUE(wide != NULL && wcslen(wide) == size - 1);
    EXPECT_BLOCK(wide, size * sizeof(wchar_t));
    EXPECT_POINTER(_getcwd(buffer, (int)size), buffer);
    EXPECT_TEXT(buffer, folder);
    EXPECT_POINTER(_wgetcwd_dbg(wide_buffer, PATH_MAX, HERE), wide_buffer);
    EXPECT_POINTER(_getdcwd(0, buffer, PATH_MAX), buffer);
    EXPECT_POINTER(_getdcwd_dbg(3, buffer, PATH_MAX, HERE), buffer);
    wide = _wgetdcwd_dbg(3, NULL, 0, HERE);
    EXPECT_BLOCK(wide, size * sizeof(wchar_t));
    errno = 0;
    EXPECT_POINTER(_getcwd(buffer, (int)size - 1), NULL);
    EXPECT_INT(errno, ERANGE);
}

static void test_refused(void)
{
    char buffer[8];
    char *value;
    capture_bad_parameters = 0;
    errno = 0;
    EXPECT_POINTER(_getcwd(NULL, -1), NULL);
    EXPECT_POINTER(_getcwd_dbg(buffer, 0, HERE), NULL);
    EXPECT_INT(errno, EINVAL);
    EXPECT_POINTER(_getdcwd(5, NULL, 0), NULL);
    EXPECT_INT(errno, EACCES);
    EXPECT_INT(_dupenv_s(NULL, NULL, "X"), EINVAL);
    value = buffer;
    EXPECT_INT(_dupenv_s_dbg(&value, NULL, NULL, HERE), EINVAL);
    EXPECT_POINTER(value, NULL);
    EXPECT_INT(_wdupenv_s(NULL, NULL, L"X"), EINVAL);
    EXPECT_INT(capture_bad_parameters, 6);
    EXPECT_NOT_NULL(strstr(capture_take(&capture), "Assertion failed: "));
}

static void expect_full(struct test_place place, const char *path, const char *expected)
{
    char buffer[PATH_MAX];
    text_is(place, _fullpath(buffer, path, sizeof(buffer)), expected);
}
#define EXPECT_FULL(path, expected) expect_full(CHECK_HERE, (path), (expected))

static void test_full_path(void)
{
    char expected[2 * PATH_MAX];
    char buffer[16];
    wchar_t wide[32];
    EXPECT_FULL("/", "/");
    EXPECT_FULL("/a/b", "/a/b");
    EXPECT_FULL("//a//b//", "/a/b/");
    EXPECT_FULL("/a/./b/../c", "/a/c");
    EXPECT_FULL("/a/b/..", "/a");
    EXPECT_FULL("/..", "/");
    EXPECT_FULL("/../../x/.", "/x");
    EXPECT_FULL("/a/...", "/a/...");
    EXPECT_FULL(NULL, folder);
    EXPECT_FULL("", folder);
    EXPECT_FULL(".", folder);
    snprintf(expected, sizeof(expected), "%s/x.y", folder);
    EXPECT_FULL("x.y", expected);
    EXPECT_FULL("q/../x.y", expected);
    char *path = _fullpath_dbg(NULL, "/a/../bc", 1, HERE); // the size is ignored
    EXPECT_TEXT(path, "/bc");
    EXPECT_BLOCK(path, 4);
    EXPECT_POINTER(_fullpath(buffer, "/a", 3), buffer);
    errno = 0;
    EXPECT_POINTER(_fullpath(buffer, "/a", 2), NULL);
    EXPECT_INT(errno, ERANGE);
    EXPECT_POINTER(_wfullpath(wide, L"/\u00e4/../\u20ac", 32), wide);
    EXPECT_TRUE(wcscmp(wide, L"/\u20ac") == 0);
    wchar_t *allocated = _wfullpath_dbg(NULL, L"/\u20ac", 0, HERE);
    EXPECT_BLOCK(allocated, 3 * sizeof(wchar_t));
}

// ---- Temporary names --------------------------------------------------------------------------

static void test_temporary_names(void)
{
    char own[] = "/tmp/halde-tempnam-XXXXXX";
    ASSERT_NOT_NULL(mkdtemp(own));
    unsetenv("TMP");
    char *name = _tempnam_dbg(own, "pre", HERE);
    ASSERT_NOT_NULL(name);
    char stem[64];
    snprintf(stem, sizeof(stem), "%s/pre", own);
    EXPECT_INT(strncmp(name, stem, strlen(stem)), 0);
    EXPECT_SIZE(strspn(name + strlen(stem), "0123456789"), strlen(name) - strlen(stem));
    EXPECT_TRUE(access(name, F_OK) != 0);
    char *second = _tempnam(own, NULL);
    EXPECT_TRUE(second != NULL && strcmp(second, name) != 0);
    free(second);
    EXPECT_BLOCK(name, strlen(own) + 3 + 12);

    // A file of the next name: it is passed by.
    name = _tempnam(own, "x");
    char taken[64];
    snprintf(taken, sizeof(taken), "%s/x%ld", own, strtol(name + strlen(own) + 2, NULL, 10) + 1);
    free(name);
    close(creat(taken, 0600));
    name = _tempnam(own, "x");
    EXPECT_TRUE(name != NULL && strcmp(name, taken) != 0);
    free(name);
    unlink(taken);

    // The environment goes first, with quotation marks or without; a folder that is not there
    // counts for nothing.
    char quoted[64];
    snprintf(quoted, sizeof(quoted), "\"%s\"", own);
    setenv("TMP", quoted, 1);
    name = _tempnam("/", "p");
    EXPECT_TRUE(name != NULL && strncmp(name, own, strlen(own)) == 0);
    free(name);
    setenv("TMP", "/no/such/folder", 1);
    name = _tempnam("/no/such/folder", "p");
    EXPECT_TRUE(name != NULL && strncmp(name, P_tmpdir "/p", strlen(P_tmpdir) + 2) == 0);
    free(name);
    wchar_t *wide = _wtempnam_dbg(L"/", L"\u20ac", HERE);
    EXPECT_TRUE(wide != NULL && wcsncmp(wide, L"/\u20ac", 2) == 0);
    EXPECT_BLOCK(wide, (1 + 1 + 12) * sizeof(wchar_t));
    unsetenv("TMP");
    rmdir(own);
}

// ---- Environment ------------------------------------------------------------------------------

static void test_environment(void)
{
    char *value = (char *)1;
    wchar_t *wide = (wchar_t *)1;
    size_t size = 99;
    setenv("Halde_Test", "v\u00e4lue", 1);
    EXPECT_INT(_dupenv_s_dbg(&value, &size, "Halde_Test", HERE), 0);
    EXPECT_TEXT(value, "v\u00e4lue");
    EXPECT_SIZE(size, 7);
    EXPECT_BLOCK(value, 7);
    EXPECT_INT(_dupenv_s(&value, NULL, "HALDE_TEST"), 0); // another case
    EXPECT_TEXT(value, "v\u00e4lue");
    free(value);
    setenv("HALDE_TEST", "exact", 1);
    EXPECT_INT(_dupenv_s(&value, &size, "HALDE_TEST"), 0);
    EXPECT_TEXT(value, "exact");
    free(value);
    EXPECT_INT(_dupenv_s(&value, &size, "HALDE_TES"), 0);
    EXPECT_POINTER(value, NULL);
    EXPECT_SIZE(size, 0);
    EXPECT_INT(_wdupenv_s_dbg(&wide, &size, L"Halde_Test", HERE), 0);
    EXPECT_TRUE(wide != NULL && wcscmp(wide, L"v\u00e4lue") == 0);
    EXPECT_SIZE(size, 6);
    EXPECT_BLOCK(wide, 6 * sizeof(wchar_t));
    EXPECT_INT(_wdupenv_s(&wide, &size, L"HALDE_TES"), 0);
    EXPECT_POINTER(wide, NULL);
    EXPECT_SIZE(size, 0);
}

int main(void)
{
    capture_all(&capture);
    _set_invalid_parameter_handler(capture_count_bad_parameter);
    test_copies();
    test_current_folder();
    test_refused();
    test_full_path();
    test_temporary_names();
    test_environment();
    return test_result();
}
