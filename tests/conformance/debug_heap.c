// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Debug flags, fills and checks: win32-heap.md 10.1, 10.2.
//
// Global flags are fixed at the start of a process, so the program runs itself once for each set of
// them.

#include "rtl.h"

#ifndef _WIN32
#include <sys/wait.h>
#endif

enum {
    TAIL = 0x10,
    FREED = 0x20,
    PARAMETERS = 0x40,
    ALL = 0x80
}; // FLG_HEAP_*

#define CANNOT_SET_FLAGS 12345 // no exit status of this program

static struct walk walk;
static const char *config; // what heap_flags was set to, in front of each text

static void test_flags(ULONG expected)
{
    case_begin("10.1", "global flags");
    EXPECT_EQUAL("10.1", expected, RtlGetNtGlobalFlags(), "%s: RtlGetNtGlobalFlags", config);
    HANDLE heap = HeapCreate(0, 0, 0);
    ULONG value = 2;
    SetLastError(SENTINEL);
    EXPECT_EQUAL("5.1", FALSE,
        HeapSetInformation(heap, HeapCompatibilityInformation, &value, sizeof(value)),
        "%s: the front end is not available: FALSE", config);
    EXPECT_ERROR("5.1", ERROR_GEN_FAILURE, "%s: the front end is not available: 31", config);
    void *blocks[40];
    for (int i = 0; i < 40; i++) {
        blocks[i] = HeapAlloc(heap, 0, 40);
    }
    for (int i = 0; i < 40; i++) {
        HeapFree(heap, 0, blocks[i]);
    }
    value = 99;
    HeapQueryInformation(heap, HeapCompatibilityInformation, &value, sizeof(value), NULL);
    EXPECT_EQUAL("5.1", 0, value, "%s: 40 allocations do not switch it on", config);
    HeapDestroy(heap);
}

// Validate-all checks the whole heap at every call, so this is quadratic.
enum {
    BLOCKS = 160,
};

static void test_usual_behaviour(HANDLE heap)
{
    case_begin("10", "a heap with checks is a heap");
    static void *blocks[BLOCKS];
    bool all_right = true;
    for (unsigned i = 0; i < BLOCKS; i++) {
        blocks[i] = HeapAlloc(heap, i % 2 ? HEAP_ZERO_MEMORY : 0, i * 13);
        all_right = all_right && HeapSize(heap, 0, blocks[i]) == i * 13u &&
                    (uintptr_t)blocks[i] % 16 == 0 &&
                    (i % 2 == 0 || is_filled(blocks[i], 0, i * 13u));
        pattern_write(blocks[i], i * 13u, i);
    }
    for (unsigned i = 0; i < BLOCKS; i += 3) {
        blocks[i] = HeapReAlloc(heap, 0, blocks[i], i * 17);
        all_right = all_right && pattern_matches(blocks[i], i * 13u, i);
    }
    EXPECT("10.2", all_right, "%s: sizes, alignment, zeroes, contents", config);
    EXPECT("10.2", HeapValidate(heap, 0, NULL) != FALSE, "%s: the heap is valid", config);
    walk_take(&walk, heap);
    EXPECT_EQUAL("10.2", BLOCKS, walk_count_if(&walk, entry_is_busy),
        "%s: the walk shows every block", config);
    unsigned freed = 0;
    for (unsigned i = 0; i < BLOCKS; i++) {
        freed += HeapFree(heap, 0, blocks[i]) ? 1u : 0u;
    }
    EXPECT_EQUAL("10.2", BLOCKS, freed, "%s: all are freed", config);
    unsigned char *block = HeapAlloc(heap, 0, 64);
    char key[60];
    snprintf(key, sizeof(key), "10.2 %s: fill of a fresh block", config);
    OBSERVE(key, "%02x %02x %02x %02x", block[0], block[1], block[2], block[3]);
    HeapFree(heap, 0, block);
}

static void test_tail(HANDLE heap)
{
    case_begin("10.2", "tail checking");
    bool all_filled = true;
    for (SIZE_T size = 0; size < 64; size++) {
        const unsigned char *block = HeapAlloc(heap, 0, size);
        all_filled = all_filled && is_filled(block + size, 0xAB, 8);
    }
    EXPECT(
        "10.2", all_filled, "%s: at least 8 bytes 0xAB behind each block of 0 to 63 bytes", config);
    static const SIZE_T sizes[] = {0, 1, 16, 17, 100, 1000, 20000, 300000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const unsigned size = (unsigned)sizes[i];
        unsigned char *block = HeapAlloc(heap, HEAP_ZERO_MEMORY, sizes[i]);
        EXPECT("10.2", is_filled(block + sizes[i], 0xAB, 16), "%s: %u bytes: 16 bytes 0xAB behind",
            config, size);
        block = HeapReAlloc(heap, HEAP_ZERO_MEMORY, block, sizes[i] + 7);
        EXPECT("10.2",
            is_filled(block + sizes[i] + 7, 0xAB, 16) && is_filled(block, 0, sizes[i] + 7),
            "%s: %u bytes: also after growing by 7", config, size);
        block = HeapReAlloc(heap, 0, block, sizes[i] / 2);
        EXPECT("10.2", is_filled(block + sizes[i] / 2, 0xAB, 16),
            "%s: %u bytes: also after shrinking by half", config, size);

        unsigned char *tail = block + sizes[i] / 2;
        for (int at = 0; at < 16; at += 15) {
            tail[at] = 0x5A;
            EXPECT("10.2", !HeapValidate(heap, 0, block), "%s: %u bytes: byte %d damaged: FALSE",
                config, size, at);
            EXPECT("10.2", !HeapValidate(heap, 0, NULL),
                "%s: %u bytes: byte %d damaged: the whole heap too", config, size, at);
            if (!IS_WINDOWS) {
                // Windows goes on with the block unless yet another flag is set.
                EXPECT("10.2", !HeapFree(heap, 0, block),
                    "%s: %u bytes: byte %d damaged: HeapFree: FALSE", config, size, at);
                EXPECT("10.2", HeapReAlloc(heap, 0, block, 5) == NULL,
                    "%s: %u bytes: byte %d damaged: HeapReAlloc: NULL", config, size, at);
            }
            tail[at] = 0xAB;
            EXPECT("10.2", HeapValidate(heap, 0, block) && HeapValidate(heap, 0, NULL),
                "%s: %u bytes: byte %d repaired: TRUE", config, size, at);
        }
        EXPECT("10.2", HeapFree(heap, 0, block) != FALSE, "%s: %u bytes: freed", config, size);
    }
    unsigned char *large = HeapAlloc(heap, HEAP_ZERO_MEMORY, 0x123400);
    EXPECT(
        "10.2", is_filled(large + 0x123400, 0, 16), "%s: not on a large block: there is 0", config);
    HeapFree(heap, 0, large);
}

static bool is_free_fill(const unsigned char *bytes, SIZE_T from, SIZE_T to)
{
    static const unsigned char fill[4] = {0xEE, 0xFE, 0xEE, 0xFE};
    for (SIZE_T i = from; i < to; i++) {
        if (bytes[i] != fill[i % 4]) {
            return false;
        }
    }
    return true;
}

static void test_free(HANDLE heap)
{
    case_begin("10.2", "free checking");
    static const SIZE_T sizes[] = {32, 100, 1000, 20000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const unsigned size = (unsigned)sizes[i];
        unsigned char *block = HeapAlloc(heap, HEAP_ZERO_MEMORY, sizes[i]);
        void *fence = HeapAlloc(heap, 0, 16);
        HeapFree(heap, 0, block);
        EXPECT("10.2", is_free_fill(block, 16, sizes[i]),
            "%s: %u bytes: 0xFEEEFEEE from byte 16 on", config, size);
        EXPECT("10.2", HeapValidate(heap, 0, NULL) != FALSE, "%s: %u bytes: the heap is valid",
            config, size);
        static const SIZE_T last_but[] = {1, 8};
        for (size_t j = 0; j < 2; j++) {
            unsigned char *byte = block + sizes[i] - last_but[j];
            const unsigned char old = *byte;
            *byte = 0x5A;
            EXPECT("10.2", !HeapValidate(heap, 0, NULL),
                "%s: %u bytes: a changed byte, %u before the end: FALSE", config, size,
                (unsigned)last_but[j]);
            *byte = old;
            EXPECT("10.2", HeapValidate(heap, 0, NULL) != FALSE,
                "%s: %u bytes: restored, %u before the end: TRUE", config, size,
                (unsigned)last_but[j]);
        }
        HeapFree(heap, 0, fence);
    }
}

static void test_spacing(void)
{
    case_begin("10.2", "spacing of blocks");
    HANDLE heap = HeapCreate(0, 0, 0);
    const void *first = HeapAlloc(heap, 0, 40);
    const void *second = HeapAlloc(heap, 0, 40);
    EXPECT(
        "10.2", (uintptr_t)second - (uintptr_t)first >= 48, "%s: at least 48 bytes apart", config);
    char key[60];
    snprintf(key, sizeof(key), "10.2 %s: stride of 40 bytes", config);
    OBSERVE(key, "%u", (unsigned)((uintptr_t)second - (uintptr_t)first));
    HeapDestroy(heap);
}

/** The questions for one set of global flags, in a process of its own. */
static int run_config(const char *name, ULONG flags)
{
    config = name;
    HANDLE heap = HeapCreate(0, 0, 0);
    test_flags(flags);
    test_usual_behaviour(heap);
    // 10.1: parameter and full validation switch tail and free checking on as well.
    if (flags & (TAIL | PARAMETERS | ALL)) {
        test_tail(heap);
    }
    if (flags & (FREED | PARAMETERS | ALL)) {
        test_free(heap);
    }
    test_spacing();
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "%s: the heap is valid at the end", config);
    HeapDestroy(heap);
    return conformance_finish();
}

static const struct {
    const char *value;
    ULONG flags;
} configs[] = {
    {"htc", TAIL},
    {"hfc", FREED},
    {"htc,hfc,hpc", TAIL | FREED | PARAMETERS},
    {"0x70", TAIL | FREED | PARAMETERS},
    {"hvc", ALL},
};

static const char *program_path;

#ifdef _WIN32

/** Sets the program's own image option GlobalFlag; false without the right to do so. */
static bool set_image_flags(const char *program, ULONG flags)
{
    char key[400];
    const char *name = strrchr(program, '\\');
    snprintf(key, sizeof(key),
        "Software\\Microsoft\\Windows NT\\CurrentVersion\\Image File Execution Options\\%s",
        name != NULL ? name + 1 : program);
    const DWORD value = flags;
    return RegSetKeyValueA(
               HKEY_LOCAL_MACHINE, key, "GlobalFlag", REG_DWORD, &value, sizeof(value)) == 0;
}

/** Runs the program with global flags; CANNOT_SET_FLAGS when that is not possible here. */
static int run_self(size_t index)
{
    char program[MAX_PATH];
    char command[MAX_PATH + 20];
    GetModuleFileNameA(NULL, program, sizeof(program));
    snprintf(command, sizeof(command), "\"%s\" %u", program, (unsigned)index);
    if (!set_image_flags(program, configs[index].flags)) {
        return CANNOT_SET_FLAGS;
    }
    STARTUPINFOA start = {.cb = sizeof(start)};
    PROCESS_INFORMATION process;
    fflush(stdout);
    DWORD status = 1;
    if (CreateProcessA(program, command, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)) {
        WaitForSingleObject(process.hProcess, INFINITE);
        GetExitCodeProcess(process.hProcess, &status);
        CloseHandle(process.hProcess);
        CloseHandle(process.hThread);
    }
    set_image_flags(program, 0);
    return (int)status;
}

#else

static int run_self(size_t index)
{
    char options[200];
    const char *given = getenv("HALDE_OPTIONS");
    snprintf(options, sizeof(options), "%s%sheap_flags=%s", given != NULL ? given : "",
        given != NULL && *given ? ":" : "", configs[index].value);
    char number[20];
    snprintf(number, sizeof(number), "%u", (unsigned)index);
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        setenv("HALDE_OPTIONS", options, 1);
        execl(program_path, "debug_heap", number, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
        return 1;
    }
    return WEXITSTATUS(status);
}

#endif

int main(int argc, char **argv)
{
    program_path = argv[0]; // under valgrind /proc/self/exe is valgrind
    if (argc == 2) {
        const size_t index = (size_t)strtoul(argv[1], NULL, 10);
        return run_config(configs[index].value, configs[index].flags);
    }
    for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
        const int status = run_self(i);
        if (status == CANNOT_SET_FLAGS) {
            SKIP("10.1", "flags of this program cannot be set: %s", configs[i].value);
        } else {
            EXPECT("10", status == 0, "every expectation with %s", configs[i].value);
        }
    }
    return conformance_finish();
}
