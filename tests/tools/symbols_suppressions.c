// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Suppression files: the three forms read, matched and written; what is wrong with a file is said
 * with its line; damaged and hostile files do no harm.
 */
#include "sites/glob.h"
#include "sites/suppressions.h"

#include "check.h"
#include "seed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A stack: strdup() in libc, called by conn_new(int) in a source file, called by a method, called
// by what has no name, called by main().
static const struct symbol_frame allocator = {.function = "operator new(unsigned long)",
    .linkage = "_Znwm",
    .file = "",
    .short_file = "",
    .module = "/usr/lib/libstdc++.so.6",
    .module_name = "libstdc++.so.6"};
static const struct symbol_frame conn_new = {.function = "conn_new(int)",
    .linkage = "_Z8conn_newi",
    .file = "/home/u/server/src/conn.c",
    .short_file = "src/conn.c",
    .line = 212,
    .module = "/opt/server/bin/server",
    .module_name = "server"};
static const struct symbol_frame accept_one = {
    .function = "(anonymous namespace)::loop<int*>::accept(char const*)",
    .linkage = "_ZN12_GLOBAL__N_14loopIPiE6acceptEPKc",
    .file = "",
    .short_file = "",
    .module = "/opt/server/lib/libloop.so.2",
    .module_name = "libloop.so.2"};
static const struct symbol_frame unnamed = {.function = "",
    .linkage = "",
    .file = "",
    .short_file = "",
    .module = "/opt/server/lib/libplugin.so",
    .module_name = "libplugin.so",
    .offset = 0x1234};
static const struct symbol_frame main_frame = {.function = "main",
    .linkage = "main",
    .file = "/home/u/server/src/main.c",
    .short_file = "src/main.c",
    .line = 9,
    .module = "/opt/server/bin/server",
    .module_name = "server"};
static const struct symbol_frame *const frames[] = {
    &allocator, &conn_new, &accept_one, &unnamed, &main_frame};
static const struct symbol_stack stack = {
    .frames = frames, .count = 5, .first = 1, .site = 1, .end = 5, .hash = 1};

static struct suppression_subject usual_subject(void)
{
    return (struct suppression_subject){
        .stack = &stack, .hash = "9c41e70123456789", .class_ = REACH_DEFINITE};
}

/// Whether a file of this text suppresses a subject. What cannot be read is a failure.
static bool suppresses(const char *text, const struct suppression_subject *subject)
{
    struct suppressions *suppressions = suppressions_create();
    char *error = NULL;
    if (!suppressions_parse(suppressions, "test", text, strlen(text), &error)) {
        test_fail(CHECK_HERE, "%s", error);
        free(error);
    }
    size_t number = suppressions_match(suppressions, subject);
    struct suppression_info info;
    bool is_own = suppressions_info(suppressions, number, &info) && !info.is_builtin;
    suppressions_destroy(suppressions);
    return is_own;
}

#define YES(text) test_true(CHECK_HERE, suppresses((text), &subject), text)
#define NO(text) test_true(CHECK_HERE, !suppresses((text), &subject), "not: " text)

// ---- Patterns -----------------------------------------------------------------------------------

static void test_globs(void)
{
    static const struct {
        const char *pattern, *text;
        bool matches, finds;
    } cases[] = {
        {"abc", "abc", true, true},
        {"abc", "xabcx", false, true},
        {"a*c", "abbbc", true, true},
        {"a*c", "abbbcd", false, true},
        {"^abc", "abcd", false, true},
        {"^bc", "abcd", false, false},
        {"bc$", "abc", false, true},
        {"bc$", "abcbc", false, true},
        {"b$", "abc", false, false},
        {"^a*d$", "abcd", false, true},
        {"a?c", "abc", true, false},
        {"a?c", "ac", false, false},
        {"*", "", true, true},
        {"", "", true, true},
        {"?", "", false, false},
        {"a\\b", "a\\b", true, true},
        {"*a*a*a", "aaa", true, true},
        {"*a*a*a*a", "aaa", false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (glob_matches(cases[i].pattern, cases[i].text) != cases[i].matches ||
            glob_finds(cases[i].pattern, cases[i].text) != cases[i].finds) {
            test_fail(CHECK_HERE, "pattern '%s', text '%s'", cases[i].pattern, cases[i].text);
        }
    }
    // What makes a naive matcher take for ever.
    char text[2001];
    memset(text, 'a', 2000);
    text[2000] = 0;
    EXPECT_FALSE(glob_matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
    EXPECT_FALSE(glob_finds("a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

static void test_lsan(void)
{
    struct suppression_subject subject = usual_subject();
    YES("leak:conn_new\n");
    YES("# comment\n\n   leak:conn_n*(int)   \n");
    YES("leak:libloop.so\n");
    YES("leak:src/main.c\n");
    YES("leak:operator new\n");
    YES("leak:^conn_new\n");
    YES("race:something\nthread:x\nleak:main$");
    NO("leak:^new\n");
    NO("leak:conn_new$\n");
    NO("leak:other\nrace:conn_new\n");
    subject.stack = NULL;
    NO("leak:conn_new\n");
}

static void test_valgrind(void)
{
    struct suppression_subject subject = usual_subject();
    YES("{\n name\n Memcheck:Leak\n fun:_Znwm\n fun:_Z8conn_newi\n}\n");
    YES("{\n name\n Memcheck:Leak\n fun:_Znw*\n fun:_Z8conn_newi\n obj:*/libloop.so*\n "
        "obj:*/libplugin.so\n fun:main\n}\n");
    YES("{\n name\n Memcheck:Leak\n match-leak-kinds: definite,possible\n ...\n fun:main\n}\n");
    YES("{\n name\n Addrcheck,Memcheck:Leak\n fun:*alloc\n src:conn.c:212\n ...\n}\n");
    YES("{\n name\n Memcheck:Leak\n fun:conn_new\n}\n");
    YES("{\n name\n Memcheck:Leak\n fun:malloc\n ...\n fun:*accept*\n ...\n obj:*/server\n}\n");
    NO("{\n name\n Memcheck:Leak\n match-leak-kinds: possible\n fun:*\n fun:_Z8conn_newi\n}\n");
    NO("{\n name\n Memcheck:Cond\n fun:_Z8conn_newi\n}\n");
    NO("{\n name\n Helgrind:Leak\n fun:_Z8conn_newi\n}\n");
    NO("{\n name\n Memcheck:Leak\n fun:malloc\n fun:main\n}\n");
    NO("{\n name\n Memcheck:Leak\n ...\n fun:main\n fun:main\n}\n");
    NO("{\n name\n Memcheck:Leak\n fun:malloc\n src:conn.c:213\n}\n");
    NO("{\n name\n Memcheck:Param\n write(buf)\n fun:_Z8conn_newi\n}\n");
    // The next entry is read though this one is of another kind.
    YES("{\n a\n Memcheck:Cond\n fun:x\n}\n{\n b\n Memcheck:Leak\n fun:*\n fun:_Z8conn_new*\n}\n");
}

/// Valgrind calls an inlined function as the source does, and others as the linker does.
static void test_valgrind_inlined(void)
{
    static const struct symbol_frame inlined = {
        .function = "shop::basket<long>::take(unsigned long)",
        .linkage = "_ZN4shop6basketIlE4takeEm",
        .plain = "take",
        .file = "",
        .short_file = "",
        .module = "/opt/server/bin/server",
        .module_name = "server",
        .is_inlined = true};
    static const struct symbol_frame outer = {.function = "shop::basket<long>::lose(unsigned long)",
        .linkage = "_ZN4shop6basketIlE4loseEm",
        .plain = "lose",
        .file = "",
        .short_file = "",
        .module = "/opt/server/bin/server",
        .module_name = "server"};
    static const struct symbol_frame *const own_frames[] = {&inlined, &outer};
    static const struct symbol_stack own_stack = {.frames = own_frames, .count = 2, .end = 2};
    struct suppression_subject subject = {.stack = &own_stack, .class_ = REACH_DEFINITE};
    YES("{\n a\n Memcheck:Leak\n fun:malloc\n fun:take\n fun:_ZN4shop6basketIlE4loseEm\n}\n");
    YES("{\n a\n Memcheck:Leak\n fun:malloc\n fun:_ZN4shop6basketIlE4takeEm\n}\n");
    NO("{\n a\n Memcheck:Leak\n fun:malloc\n fun:take\n fun:lose\n}\n");
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    EXPECT_TRUE(suppression_write(stream, SUPPRESSION_VALGRIND, &subject, "r"));
    fclose(stream);
    EXPECT_TRUE(strstr(text, "   fun:*\n   fun:take\n   fun:_ZN4shop6basketIlE4loseEm\n}") != NULL);
    EXPECT_TRUE(suppresses(text, &subject));
    free(text);
}

static void test_own(void)
{
    struct suppression_subject subject = usual_subject();
    YES("suppress stack=conn_new\n");
    YES("suppress stack=\"conn_new(int)\"\n");
    YES("suppress stack=\"conn_new <- *accept* <- libplugin.so+* <- main <- $\"\n");
    YES("suppress kind=definite stack=\"... <- main\" reason=\"says \\\"why\\\" and \\\\\"\n");
    YES("suppress module=server\n");
    YES("suppress module=/opt/*/server\n");
    YES("suppress file=conn.c:212\n");
    YES("suppress file=*/src/conn.c kind=all\n");
    YES("suppress hash=9C41E7\n");
    YES("suppress hash=#9c41e701\n");
    YES("suppress kind=definite,indirect until=2999-12-31\n");
    NO("suppress stack=main\n");
    NO("suppress stack=\"conn_new <- $\"\n");
    NO("suppress stack=\"conn_new <- main\"\n");
    NO("suppress kind=possible stack=conn_new\n");
    NO("suppress module=libloop.so.2\n");
    NO("suppress file=conn.c:213\n");
    NO("suppress hash=9c41e8\n");
    NO("suppress stack=conn_new until=2020-02-29\n");
    NO("suppress stack=conn_new type=normal\n");
    NO("suppress stack=conn_new module=libloop.so.2\n");
    subject = (struct suppression_subject){.file = "src/old.c",
        .line = 7,
        .class_ = REACH_NOT_SEARCHED,
        .has_type = true,
        .type = 4,
        .subtype = 3};
    YES("suppress type=client\n");
    YES("suppress type=client:3 file=old.c:7\n");
    NO("suppress type=client:4\n");
    NO("suppress type=normal\n");
    NO("suppress kind=definite type=client\n");
    NO("suppress stack=...\n");
}

static void test_days(void)
{
    struct suppressions *suppressions = suppressions_create();
    struct suppression_subject subject = usual_subject();
    static const char text[] = "suppress stack=conn_new until=2026-12-31 reason=\"till then\"\n";
    char *error = NULL;
    EXPECT_TRUE(suppressions_parse(suppressions, "own.supp", text, sizeof(text) - 1, &error));
    size_t number = suppressions_size(suppressions);
    suppressions_set_day(suppressions, 20261231);
    EXPECT_SIZE(suppressions_match(suppressions, &subject), number);
    struct suppression_info info;
    EXPECT_TRUE(suppressions_info(suppressions, number, &info) && !info.is_expired);
    EXPECT_TRUE(strcmp(info.origin, "own.supp") == 0 && info.line == 1);
    EXPECT_TRUE(strcmp(info.reason, "till then") == 0);
    suppressions_set_day(suppressions, 20270101);
    EXPECT_SIZE(suppressions_match(suppressions, &subject), 0);
    EXPECT_TRUE(suppressions_info(suppressions, number, &info) && info.is_expired);
    suppressions_count(suppressions, number, 3, 300);
    EXPECT_TRUE(suppressions_info(suppressions, number, &info) && info.bytes == 300);
    EXPECT_FALSE(suppressions_info(suppressions, number + 1, &info));
    EXPECT_FALSE(suppressions_info(suppressions, 0, &info));
    suppressions_destroy(suppressions);
}

/// The built-in list is read, hides what the run-time libraries keep, and nothing that is lost.
static void test_builtin(void)
{
    struct suppressions *suppressions = suppressions_create();
    EXPECT_AT_LEAST(suppressions_size(suppressions), 10);
    static const struct symbol_frame pool = {.function = "(anonymous namespace)::pool::pool()",
        .linkage = "",
        .file = "",
        .short_file = "",
        .module = "/usr/lib/libstdc++.so.6",
        .module_name = "libstdc++.so.6"};
    static const struct symbol_frame *const pool_frames[] = {&pool};
    static const struct symbol_stack pool_stack = {.frames = pool_frames, .count = 1, .end = 1};
    struct suppression_subject subject = {.stack = &pool_stack, .class_ = REACH_REACHABLE};
    EXPECT_TRUE(suppressions_match(suppressions, &subject) != 0);
    subject.class_ = REACH_DEFINITE;
    EXPECT_SIZE(suppressions_match(suppressions, &subject), 0);
    subject = usual_subject();
    subject.class_ = REACH_REACHABLE;
    EXPECT_SIZE(suppressions_match(suppressions, &subject), 0);
    suppressions_destroy(suppressions);
}

// ---- Errors -------------------------------------------------------------------------------------

static void test_errors(void)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"leak:a\nnonsense\n",
            "f:2: 'leak:PATTERN', '{' or 'suppress ...' expected, not 'nonsense'"},
        {"leak:\n", "f:1: 'leak:' with nothing"},
        {"leak:**\n", "f:1: 'leak:' with nothing"},
        {"{\n name\n", "f:2: entry without its '}'; it begins in line 1"},
        {"{\n name\n Memcheck:Leak\n}\n", "f:4: entry without a frame"},
        {"{\n name\n Leak\n fun:a\n}\n",
            "f:3: 'TOOL:KIND' expected, as in Memcheck:Leak, not 'Leak'"},
        {"{\n name\n Memcheck:Leak\n fun:a\n junk\n}\n", "f:5: 'fun:', 'obj:'"},
        {"{\n name\n Memcheck:Leak\n match-leak-kinds: some\n fun:a\n}\n",
            "f:4: 'some' is no list"},
        {"{\n n\n Memcheck:Leak\n fun:a\n match-leak-kinds: all\n}\n",
            "f:5: match-leak-kinds comes"},
        {"suppress\n", "f:1: an entry without conditions"},
        {"suppress reason=x\n", "f:1: an entry without conditions"},
        {"suppress kind=all\n", "f:1: an entry without conditions"},
        {"suppress kind=lost\n", "f:1: 'lost' is no value of kind"},
        {"suppress stak=f\n", "f:1: unknown word 'stak'"},
        {"suppress stack\n", "f:1: 'KEY=VALUE' expected at 'stack'"},
        {"suppress stack=\"f\n", "f:1: value of stack: the closing \" is missing"},
        {"suppress stack=\"f\"x\n", "f:1: value of stack: a blank is missing"},
        {"suppress stack=\"f <- $ <- g\"\n", "f:1: 'f <- $ <- g' is no value of stack"},
        {"suppress stack=a until=2026-02-30\n", "f:1: '2026-02-30' is no value of until"},
        {"suppress stack=a until=2026-1-1\n", "f:1: '2026-1-1' is no value of until"},
        {"suppress type=small\n", "f:1: 'small' is no value of type"},
        {"suppress type=client:x\n", "f:1: 'client:x' is no value of type"},
        {"suppress hash=xyz123\n", "f:1: 'xyz123' is no value of hash"},
        {"suppress file=a.c:0\n", "f:1: 'a.c:0' is no value of file"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct suppressions *suppressions = suppressions_create();
        size_t size = suppressions_size(suppressions);
        char *error = NULL;
        bool is_read =
            suppressions_parse(suppressions, "f", cases[i].text, strlen(cases[i].text), &error);
        if (is_read || strncmp(error, cases[i].error, strlen(cases[i].error)) != 0) {
            test_fail(CHECK_HERE, "'%s': '%s'", cases[i].text, is_read ? "(read)" : error);
        }
        // Nothing of a bad file stays.
        EXPECT_SIZE(suppressions_size(suppressions), size);
        free(error);
        suppressions_destroy(suppressions);
    }
    struct suppressions *suppressions = suppressions_create();
    char *error = NULL;
    EXPECT_FALSE(suppressions_parse(suppressions, "f", "leak:a\0b\n", 9, &error));
    EXPECT_TRUE(error != NULL && strcmp(error, "f:1: a byte 0: this is no text file") == 0);
    free(error);
    EXPECT_FALSE(suppressions_read(suppressions, "/nonexistent/file", &error));
    EXPECT_TRUE(strcmp(error, "/nonexistent/file: cannot be read: No such file or directory") == 0);
    free(error);
    EXPECT_FALSE(suppressions_read(suppressions, "/dev/zero", &error));
    EXPECT_TRUE(strcmp(error, "/dev/zero: more than 16 MiB") == 0);
    free(error);
    suppressions_destroy(suppressions);
}

// ---- Writing ------------------------------------------------------------------------------------

/// What is written suppresses what it was written for, and nothing else.
static void test_written(void)
{
    static const struct symbol_frame *const other_frames[] = {&main_frame};
    static const struct symbol_stack other_stack = {
        .frames = other_frames, .count = 1, .end = 1, .hash = 2};
    struct suppression_subject subject = usual_subject();
    struct suppression_subject other = subject;
    other.stack = &other_stack;
    other.hash = "123456789abcdef0";
    for (int form = SUPPRESSION_OWN; form <= SUPPRESSION_VALGRIND; form++) {
        char *text = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&text, &size);
        EXPECT_TRUE(suppression_write(
            stream, (enum suppression_form)form, &subject, "kept \"by\nintention\""));
        fclose(stream);
        EXPECT_TRUE(suppresses(text, &subject));
        EXPECT_FALSE(suppresses(text, &other));
        EXPECT_TRUE(strstr(text, "intention") != NULL);
        free(text);
    }
    // Without a stack only our own form can say it.
    struct suppression_subject plain = {.file = "a b.c", .line = 5, .class_ = REACH_DEFINITE};
    for (int form = SUPPRESSION_OWN; form <= SUPPRESSION_VALGRIND; form++) {
        char *text = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&text, &size);
        bool is_written = suppression_write(stream, (enum suppression_form)form, &plain, NULL);
        fclose(stream);
        EXPECT_TRUE(is_written == (form == SUPPRESSION_OWN));
        EXPECT_TRUE((size > 0) == is_written);
        EXPECT_TRUE(!is_written || suppresses(text, &plain));
        free(text);
    }
}

/// LeakSanitizer's patterns are looked for in all frames: how they are bound decides what they
/// hide.
static void test_written_lsan(void)
{
    static const struct {
        const char *function, *pattern; ///< NULL: the form cannot say it
    } cases[] = {
        {"conn_new", "leak:^conn_new$\n"},
        {"net::open(int, char const*)", "leak:^net::open(\n"},
        {"(anonymous namespace)::f(int)", "leak:^(anonymous namespace)::f(\n"},
        {"(anonymous namespace)::f", "leak:^(anonymous namespace)::f$\n"},
        {"a::operator()(int) const", "leak:^a::operator()(\n"},
        {"main::{lambda(int)#1}", "leak:^main::{lambda(int)#1}$\n"},
        {"<a::B as c::D>::drop", "leak:^<a::B as c::D>::drop$\n"},
        {"odd$name", "leak:^odd\n"},
        {"", "leak:libx.so\n"},
        {"main", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct symbol_frame frame = {.function = cases[i].function,
            .linkage = cases[i].function,
            .file = "",
            .short_file = "",
            .module = "/lib/libx.so",
            .module_name = "libx.so"};
        const struct symbol_frame *own_frames[] = {&frame};
        struct symbol_stack own_stack = {.frames = own_frames, .count = 1, .end = 1};
        struct suppression_subject subject = {.stack = &own_stack, .class_ = REACH_DEFINITE};
        char *text = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&text, &size);
        bool is_written = suppression_write(stream, SUPPRESSION_LSAN, &subject, "r");
        fclose(stream);
        if (is_written != (cases[i].pattern != NULL) ||
            (is_written && strcmp(text + strlen("# r\n"), cases[i].pattern) != 0)) {
            test_fail(CHECK_HERE, "%s: %s", cases[i].function, text);
        }
        EXPECT_TRUE(!is_written || suppresses(text, &subject));
        free(text);
    }
}

// ---- Hostile files ------------------------------------------------------------------------------

static void test_damaged(void)
{
    static const char good[] =
        "# known\nleak:conn_*new$\n{\n  name\n  Memcheck:Leak\n  match-leak-kinds: definite,all\n"
        "  fun:malloc\n  ...\n  obj:*/lib*.so\n  src:a.c:12\n}\nsuppress kind=definite,possible "
        "stack=\"a <- ... <- b* <- $\" module=x type=client:3 hash=9c41e7 until=2027-01-31 "
        "file=\"c d.c:3\" reason=\"be\\\"cause\"\n";
    static const char bytes[] = "\n\"\\=:<-. {}$*?^#\0\xFF"
                                "09afs";
    struct random random = random_make(seed_start("symbols_suppressions"), 0);
    struct suppression_subject subject = usual_subject();
    size_t read_count = 0;
    for (int round = 0; round < 20000; round++) {
        char text[sizeof(good)];
        size_t size = sizeof(good) - 1;
        memcpy(text, good, sizeof(good));
        for (size_t changes = 1 + random_below(&random, 5); changes > 0 && size > 1; changes--) {
            size_t at = random_below(&random, size);
            if (random_once_in(&random, 3)) {
                memmove(text + at, text + at + 1, size - at);
                size--;
            } else {
                text[at] = bytes[random_below(&random, sizeof(bytes) - 1)];
            }
        }
        struct suppressions *suppressions = suppressions_create();
        char *error = NULL;
        bool is_read = suppressions_parse(suppressions, "f", text, size, &error);
        EXPECT_TRUE(is_read == (error == NULL));
        EXPECT_TRUE(is_read || strncmp(error, "f:", 2) == 0);
        suppressions_match(suppressions, &subject);
        read_count += is_read ? 1 : 0;
        free(error);
        suppressions_destroy(suppressions);
    }
    // Most changes do no harm, and some do.
    EXPECT_AT_LEAST(read_count, 100);
    EXPECT_AT_MOST(read_count, 19900);
}

/// A file of a head, and a line as often as there is room.
static char *fill(size_t size, const char *head, const char *line)
{
    char *text = calloc(size + 1, 1);
    size_t head_length = strlen(head);
    size_t line_length = strlen(line);
    for (size_t i = 0; i < size; i++) {
        text[i] = i < head_length ? head[i] : line[(i - head_length) % line_length];
    }
    return text;
}

static void expect_refused(const char *head, const char *line, size_t size, const char *reason)
{
    struct suppressions *suppressions = suppressions_create();
    char *text = fill(size, head, line);
    char *error = NULL;
    EXPECT_FALSE(suppressions_parse(suppressions, "f", text, size, &error));
    EXPECT_TRUE(error != NULL && strstr(error, reason) != NULL);
    free(error);
    free(text);
    suppressions_destroy(suppressions);
}

static void test_large(void)
{
    expect_refused("leak:", "x", 4 << 20, "f:1: line of more than 65536 bytes");
    expect_refused("", "leak:ab\n", 4 << 20, ": more than 200000 entries");
    expect_refused(
        "{\nname\nMemcheck:Leak\n", "...\n", 4000, "f:516: entry of more than 512 frames");
}

int main(void)
{
    test_globs();
    test_lsan();
    test_valgrind();
    test_valgrind_inlined();
    test_own();
    test_days();
    test_builtin();
    test_errors();
    test_written();
    test_written_lsan();
    test_damaged();
    test_large();
    return test_result();
}
