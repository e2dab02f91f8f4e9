// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// VARIANTS: archive preload

/**
 * huge_pages: what the system was told about the memory of blocks, by its own account in
 * /proc/self/smaps: to use huge pages, to refuse them, nothing.  The engine's own data always
 * refuses them unless the option says "system".
 */
#include "check.h"
#include "child.h"

#include <halde/heap.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The flags of the mapping that an address lies in; "" when there is none, or no flags.
static void read_flags(const void *address, char flags[static 256])
{
    FILE *file = fopen("/proc/self/smaps", "r");
    char line[512];
    bool is_inside = false;
    flags[0] = '\0';
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        char *rest;
        uintptr_t start = strtoul(line, &rest, 16);
        if (*rest == '-') { // "start-end rwxp ..."
            is_inside =
                (uintptr_t)address >= start && (uintptr_t)address < strtoul(rest + 1, NULL, 16);
        } else if (is_inside && strncmp(line, "VmFlags:", 8) == 0) {
            snprintf(flags, 256, "%s", line + 8);
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

static bool has_flag(const char *flags, const char *flag)
{
    const char *found = strstr(flags, flag);
    return found != NULL && found[-1] == ' ' && (found[2] == ' ' || found[2] == '\n');
}

static void expect_advice(const void *address, bool wants, bool refuses)
{
    char flags[256];
    read_flags(address, flags);
    if (flags[0] == '\0') {
        test_note("the system does not tell");
        exit(77);
    }
    EXPECT_TRUE(has_flag(flags, "hg") == wants);
    EXPECT_TRUE(has_flag(flags, "nh") == refuses);
}

// Which advice the option in force stands for.
static void expect_option(bool wants, bool refuses)
{
    void *small = malloc(100);
    void *large = malloc(5 << 20);
    halde_heap *heap;
    ASSERT_NOT_NULL(large);
    memset(large, 1, 5 << 20);
    ASSERT_OK(halde_heap_create(NULL, &heap));
    expect_advice(small, wants, refuses);
    expect_advice(large, wants, refuses);
    expect_advice(halde_heap_alloc(heap, 50000, 0), wants, refuses);
    EXPECT_OK(halde_heap_destroy(heap));
    free(large);
    free(small);
}

static const struct {
    const char *options;
    bool wants, refuses;
} CASES[] = {
    {"HALDE_OPTIONS=", false, true},
    {"HALDE_OPTIONS=huge_pages=0", false, true},
    {"HALDE_OPTIONS=huge_pages=1", true, false},
    {"HALDE_OPTIONS=huge_pages=system", false, false},
};

int main(int count, char **arguments)
{
    if (count > 1) {
        size_t i = (size_t)(arguments[1][0] - '0');
        expect_option(CASES[i].wants, CASES[i].refuses);
        return test_result();
    }
    if (access("/sys/kernel/mm/transparent_hugepage/enabled", R_OK) != 0) {
        test_note("no huge pages on this system");
        return 77;
    }
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        const char number[] = {(char)('0' + i), '\0'};
        struct child child;
        child_run_self(&child, number, CASES[i].options, 30);
        if (!child_expect_passed(CHECK_HERE, CASES[i].options, &child)) {
            test_note("%s", child.text);
        }
    }
    return test_result();
}
