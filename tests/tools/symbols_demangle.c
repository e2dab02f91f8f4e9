// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Names of functions: C++, Rust (both forms), what is none, and what wants to do harm.
 */
#include "symbols/demangle.h"
#include "symbols/paths.h"

#include "check.h"
#include "seed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pair {
    const char *name;
    const char *expected; ///< NULL: it is no mangled name
};

static void expect_text(
    struct test_place place, const char *name, const char *actual, const char *expected)
{
    if ((actual == NULL) != (expected == NULL) ||
        (actual != NULL && strcmp(actual, expected) != 0)) {
        test_fail(place, "%s: '%s', not '%s'", name, actual != NULL ? actual : "(none)",
            expected != NULL ? expected : "(none)");
    }
}

static void test_names(void)
{
    static const struct pair pairs[] = {
        // C++
        {"_ZN3foo3barEi", "foo::bar(int)"},
        {"_ZNSt6vectorIiSaIiEE9push_backERKi",
            "std::vector<int, std::allocator<int> >::push_back(int const&)"},
        {"_ZlsRSoRK3foo", "operator<<(std::ostream&, foo const&)"},
        {"_ZN12_GLOBAL__N_14poolC2Ev", "(anonymous namespace)::pool::pool()"},
        {"_ZZ4mainENKUliE_clEi", "main::{lambda(int)#1}::operator()(int) const"},
        // Rust, the old form
        {"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"},
        {"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE.llvm.123", "core::fmt::Formatter::pad"},
        {"_ZN54_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$ops..Drop$GT$4drop17h00112233445566aaE",
            "<alloc::vec::Vec<T> as ops::Drop>::drop"},
        {"_ZN3foo15_$RF$a$C$$u7b$b17h00112233445566aaE", "foo::&a,{b"},
        {"_ZN3foo17h0123456789abcdegE", "foo::h0123456789abcdeg"}, // no hash: C++
        // Rust, v0
        {"_RNvCskwGfYPst2Cb_3foo16example_function", "foo::example_function"},
        {"_RNvNtNtCs1234_7mycrate3foo3bar3baz", "mycrate::foo::bar::baz"},
        {"_RNvMs_Cs4Cv8Wi1oAIB_7mycrateNtB4_7Example3foo", "<mycrate::Example>::foo"},
        {"_RNvXCs4fqI2P2rA04_7mycrateNtB2_7ExampleNtB2_5Trait3foo",
            "<mycrate::Example as mycrate::Trait>::foo"},
        {"_RNvYNtC7mycrate7ExampleNtB4_5Trait3foo", "<mycrate::Example as mycrate::Trait>::foo"},
        {"_RINvCs4fqI2P2rA04_7mycrate3foolmE", "mycrate::foo::<i32, u32>"},
        {"_RNCNvCs4fqI2P2rA04_7mycrate4main0", "mycrate::main::{closure#0}"},
        {"_RNCNvCs4fqI2P2rA04_7mycrate4mains_0", "mycrate::main::{closure#1}"},
        {"_RNSNvC7mycrate4main6vtable", "mycrate::main::{shim:vtable#0}"},
        {"_RINvNtC3std3mem8align_ofNtNtC3std3mem12DiscriminantE",
            "std::mem::align_of::<std::mem::Discriminant>"},
        {"_RINvC1a1fFG_RL0_hEuEC1b", "a::f::<for<'a> fn(&'a u8)>"},
        {"_RINvC1a1fFKCTRhxEEzE", "a::f::<extern \"C\" fn((&u8, i64)) -> !>"},
        {"_RINvC1a1fFUK8fastcallQeEuE", "a::f::<unsafe extern \"fastcall\" fn(&mut str)>"},
        {"_RINvC1a1fDNtC4core5Debugp4ItemhEL_E", "a::f::<dyn core::Debug<Item = u8>>"},
        {"_RINvC1a1fKj2a_Kb1_Kc61_Kan5_E", "a::f::<42, true, 'a', -5>"},
        {"_RINvC1a1fAhj10_SlTuETllEE", "a::f::<[u8; 16], [i32], ((),), (i32, i32)>"},
        {"_RINvC1a1fPhOINtC1b1BfEE", "a::f::<*const u8, *mut b::B<f32>>"},
        {"_RNvC7mycrateu8gdel_5qa", "mycrate::gödel"}, {"_RNvC3foo3bar.llvm.7", "foo::bar"},
        // None
        {"main", NULL}, {"i", NULL}, {"", NULL}, {"_Z", NULL}, {"_R", NULL}, {"_RNv", NULL},
        {"_RIC", NULL}, {"_RINvC1a1fRL0_hEC1b", NULL}, // a lifetime that nothing binds
        {"_RNvC1a999999999999999999999f", NULL}, {"_RNvB_1f", NULL}, // refers to itself
        {"_RNvC1a1f%", NULL}, {"_RINvC1a1flm", NULL},                // the end is missing
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char *name = demangle(pairs[i].name);
        expect_text(CHECK_HERE, pairs[i].name, name, pairs[i].expected);
        free(name);
    }
}

static void test_templates(void)
{
    static const struct pair pairs[] = {
        {"std::vector<int, std::allocator<int> >::push_back(int const&)",
            "std::vector<...>::push_back(int const&)"},
        {"std::less<int>::f()", "std::less<int>::f()"},
        {"operator<<(std::ostream&, long_enough_a_name)",
            "operator<<(std::ostream&, long_enough_a_name)"},
        {"A::operator-><some_long_type_name>()", "A::operator-><some_long_type_name>()"},
        {"<alloc::vec::Vec<some::long::Type> as Drop>::drop",
            "<alloc::vec::Vec<...> as Drop>::drop"},
        {"f<a<bbbbbbbbbbbbbbbbbbbbb", "f<a<bbbbbbbbbbbbbbbbbbbbb"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char *name = strdup(pairs[i].name);
        demangle_shorten_templates(name);
        expect_text(CHECK_HERE, pairs[i].name, name, pairs[i].expected);
        free(name);
    }
}

static void test_strings(void)
{
    static const struct pair pairs[] = {
        {"f(std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> > "
         "const&, "
         "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >)",
            "f(std::string const&, std::string)"},
        {"std::__1::basic_string<char, std::__1::char_traits<char>, "
         "std::__1::allocator<char>>::f()",
            "std::string::f()"},
        {"f(std::basic_string<int>)", "f(std::basic_string<int>)"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char *name = strdup(pairs[i].name);
        demangle_shorten_strings(name);
        expect_text(CHECK_HERE, pairs[i].name, name, pairs[i].expected);
        free(name);
    }
}

static void test_normal(void)
{
    static const struct pair pairs[] = {
        {"f.constprop.0", "f"},
        {"f.part.3.cold", "f"},
        {"f.12", "f"},
        {"f.colder", "f.colder"},
        {".cold", ".cold"},
        {"f() [clone .isra.0]", "f()"},
        {"foo::bar::h0123456789abcdef", "foo::bar"},
        {"foo::bar::h0123456789abcdeg", "foo::bar::h0123456789abcdeg"},
        {"libfoo.so.1", "libfoo.so"},
        {"main", "main"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char *name = strdup(pairs[i].name);
        demangle_normalise(name);
        expect_text(CHECK_HERE, pairs[i].name, name, pairs[i].expected);
        free(name);
    }
    char name[] = "abcdefg\xC3\xA4xyz";
    demangle_limit(name, 11);
    expect_text(CHECK_HERE, "limit", name, "abcdefg...");
    demangle_limit(name, 100);
    expect_text(CHECK_HERE, "limit", name, "abcdefg...");
}

static void test_paths(void)
{
    static const struct pair simple[] = {
        {"/a/./b//c.c", "/a/b/c.c"},
        {"/a/b/../c.c", "/a/c.c"},
        {"/../a.c", "/a.c"},
        {"../a/../b.c", "../b.c"},
        {"../../b.c", "../../b.c"},
        {"a/..", ""},
        {"/", "/"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++) {
        char *path = strdup(simple[i].name);
        path_simplify(path);
        expect_text(CHECK_HERE, simple[i].name, path, simple[i].expected);
        free(path);
    }
    static const struct {
        const char *path, *directory, *expected;
    } shortened[] = {
        {"/home/u/p/src/a.c", "/home/u/p", "src/a.c"},
        {"/home/u/p/src/a.c", "/home/u/p/build/x", "src/a.c"},
        {"/usr/include/vector", "/usr/src/p", "/usr/include/vector"},
        {"/tmp/a.c", "/tmp", "a.c"},
        {"/tmp/abc/a.c", "/tmp/ab", "/tmp/abc/a.c"},
        {"a.c", "/tmp", "a.c"},
        {"/a.c", "", "/a.c"},
    };
    for (size_t i = 0; i < sizeof(shortened) / sizeof(shortened[0]); i++) {
        expect_text(CHECK_HERE, shortened[i].path,
            path_shorten(shortened[i].path, shortened[i].directory), shortened[i].expected);
    }
    expect_text(CHECK_HERE, "below", path_below("/a/b/c", "/a"), "b/c");
    expect_text(CHECK_HERE, "below", path_below("/ab/c", "/a"), NULL);
    expect_text(CHECK_HERE, "below", path_below("/a", "/"), NULL);
}

/// A number as Rust's names have them: 0 is "_", 1 is "0_".
static void base62(size_t value, char text[8])
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t used = 0;
    if (value > 62) {
        text[used++] = digits[(value - 1) / 62];
    }
    if (value > 0) {
        text[used++] = digits[(value - 1) % 62];
    }
    text[used++] = '_';
    text[used] = 0;
}

/// A name that is put together.
struct built {
    char text[4096];
    size_t length;
};

static void append(struct built *built, const char *part)
{
    int size =
        snprintf(built->text + built->length, sizeof(built->text) - built->length, "%s", part);
    built->length += (size_t)size;
    ASSERT_TRUE(built->length < sizeof(built->text));
}

/// A beginning, and one letter very often: no name.
static void test_long(const char *beginning, char letter, size_t count)
{
    size_t length = strlen(beginning);
    char *name = calloc(length + count + 1, 1);
    for (size_t i = 0; i < length + count; i++) {
        name[i] = i < length ? beginning[i] : letter;
    }
    char *text = demangle(name);
    EXPECT_TRUE(text == NULL);
    free(text);
    free(name);
}

/// Names whose result would be as long as nothing can hold: they end soon, with or without a name.
static void test_harm(void)
{
    struct built name = {.length = 0};
    char part[32];
    append(&name, "_Z1fSt4pairIiiE");
    for (int i = 0; i < 30; i++) {
        char index = i < 10 ? (char)('0' + i) : (char)('A' + i - 10);
        snprintf(part, sizeof(part), "S_IS%c_S%c_E", index, index);
        append(&name, part);
    }
    char *text = demangle(name.text);
    EXPECT_TRUE(text == NULL || strlen(text) <= DEMANGLE_OUTPUT_MAX);
    free(text);

    // The same by references of Rust: each element holds the one before twice.
    name.length = 0;
    append(&name, "_RINvC1a1fTllE");
    size_t previous = strlen("INvC1a1f");
    for (int i = 0; i < 28; i++) {
        char reference[8];
        size_t here = name.length - strlen("_R");
        base62(previous, reference);
        snprintf(part, sizeof(part), "TB%sB%sE", reference, reference);
        append(&name, part);
        previous = here;
    }
    append(&name, "E");
    text = demangle(name.text);
    EXPECT_TRUE(text == NULL);
    free(text);
    // A few are a name.
    text = demangle("_RINvC1a1fTllETB7_B7_EE");
    expect_text(CHECK_HERE, "references", text, "a::f::<(i32, i32), ((i32, i32), (i32, i32))>");
    free(text);

    // Deeper than any program; longer than any name.
    test_long("_RINvC1a1f", 'S', 60000);
    test_long("_Z1f", 'P', 60000);
    test_long("_Z", 'a', DEMANGLE_INPUT_MAX);
}

/// Damaged names: no crash, nothing longer than allowed. (Sanitizers see the rest.)
static void test_damaged(void)
{
    static const char *const names[] = {
        "_RINvNtC3std3mem8align_ofNtNtC3std3mem12DiscriminantE",
        "_RINvC1a1fFG_RL0_hEuDNtC4core5Debugp4ItemhEL_Kj2a_Kb1_Kc61_Kan5_Ahj10_SlTuETllEE",
        "_RNvNtCs4fqI2P2rA04_7mycrateu30____7hkackfecea1cbdathfdh9hlq6y3bar",
        "_RNvXs_Cs4fqI2P2rA04_7mycrateNtB4_7ExampleNtB4_5Trait3foo",
        "_ZN54_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$ops..Drop$GT$4drop17h00112233445566aaE",
        "_ZNSt3mapINSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEiSt4lessIS5_EEixERS9_",
    };
    static const char letters[] =
        "_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ$.\x80";
    struct random random = random_make(seed_start("symbols_demangle"), 0);
    for (int round = 0; round < 60000; round++) {
        char name[256];
        snprintf(name, sizeof(name), "%s",
            names[random_below(&random, sizeof(names) / sizeof(names[0]))]);
        size_t length = strlen(name);
        for (size_t changes = 1 + random_below(&random, 4); changes > 0; changes--) {
            size_t at = 2 + random_below(&random, length - 2);
            switch (random_below(&random, 3)) {
            case 0:
                name[at] = letters[random_below(&random, sizeof(letters) - 1)];
                break;
            case 1:
                memmove(name + at, name + at + 1, length - at);
                length--;
                break;
            default:
                name[at] = 0;
                length = at;
            }
            if (length <= 3) {
                break;
            }
        }
        char *text = demangle(name);
        if (text != NULL) {
            EXPECT_AT_MOST(strlen(text), DEMANGLE_OUTPUT_MAX);
            demangle_shorten_templates(text);
            demangle_normalise(text);
            demangle_limit(text, 20);
            EXPECT_AT_MOST(strlen(text), 20);
        }
        free(text);
    }
}

int main(void)
{
    test_names();
    test_templates();
    test_strings();
    test_normal();
    test_paths();
    test_harm();
    test_damaged();
    return test_result();
}
