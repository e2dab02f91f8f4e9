// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The command line's parts, one by one: sizes and durations, names that are near, characters,
// options, JSON, tables.

#include "check.h"

#include "cli/cli.h"
#include "cli/dispatch.h"
#include "cli/memory.h"
#include "cli/nearest.h"
#include "cli/text.h"

#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXPECT_TEXT(actual, expected)                                                              \
    do {                                                                                           \
        const char *expect_text_actual = (actual);                                                 \
        const char *expect_text_expected = (expected);                                             \
        if (strcmp(expect_text_actual, expect_text_expected) != 0) {                               \
            test_fail(CHECK_HERE, "\"%s\", not \"%s\"", expect_text_actual, expect_text_expected); \
        }                                                                                          \
    } while (0)

// ---- Quantities ---------------------------------------------------------------------------------

static void test_sizes(void)
{
    static const struct {
        const char *text;
        uint64_t size;
    } good[] = {
        {"0", 0}, {"10", 10}, {"64K", 65536}, {"64k", 65536}, {"1.5M", 3 << 19}, {"0.5K", 512},
        {"2 G", 2ULL << 30}, {"3MiB", 3 << 20}, {"12B", 12}, {"1T", 1ULL << 40},
        {"18446744073709551615", UINT64_MAX},
        {"0.0009765625K", 0}, // nine digits count: 0.999999488 bytes
    };
    static const char *const bad[] = {"", "K", "1.", ".5K", "1.5.5", "64X", "-1", "+1", " 1",
        "1  K", "0x10", "1e3", "64KB", "18446744073709551616", "16777216T", "99999999999T", "nan",
        "1K "};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        uint64_t size = 77;
        EXPECT_TRUE(cli_parse_size(good[i].text, &size));
        EXPECT_SIZE(size, good[i].size);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint64_t size;
        if (cli_parse_size(bad[i], &size)) {
            test_fail(CHECK_HERE, "\"%s\" was taken for a size", bad[i]);
        }
    }
}

static void test_durations(void)
{
    uint64_t ns;
    EXPECT_TRUE(cli_parse_duration("1500ns", &ns) && ns == 1500);
    EXPECT_TRUE(cli_parse_duration("200ms", &ns) && ns == 200000000);
    EXPECT_TRUE(cli_parse_duration("1.5h", &ns) && ns == 5400ULL * 1000000000);
    EXPECT_TRUE(cli_parse_duration("30s", &ns) && ns == 30ULL * 1000000000);
    EXPECT_TRUE(cli_parse_duration("2d", &ns) && ns == 172800ULL * 1000000000);
    EXPECT_TRUE(cli_parse_duration("10m", &ns) && ns == 600ULL * 1000000000);
    EXPECT_TRUE(!cli_parse_duration("10", &ns));
    EXPECT_TRUE(!cli_parse_duration("10 M", &ns));
    EXPECT_TRUE(!cli_parse_duration("584942d", &ns)); // 2^64 ns are 213,503 days
}

static void test_addresses(void)
{
    uint64_t address;
    EXPECT_TRUE(cli_parse_address("0x7F3c10042040", &address) && address == 0x7f3c10042040);
    EXPECT_TRUE(cli_parse_address("0XFFFFffffFFFFffff", &address) && address == UINT64_MAX);
    EXPECT_TRUE(cli_parse_address("4096", &address) && address == 4096);
    EXPECT_TRUE(cli_parse_address("0", &address) && address == 0);
    EXPECT_TRUE(!cli_parse_address("0x", &address));
    EXPECT_TRUE(!cli_parse_address("0x1g", &address));
    EXPECT_TRUE(!cli_parse_address("0x11112222333344445", &address));
    EXPECT_TRUE(!cli_parse_address("7f3c10042040", &address));
    EXPECT_TRUE(!cli_parse_address("", &address));
    EXPECT_TRUE(!cli_parse_count("12x", &address));
    EXPECT_TRUE(!cli_parse_count("-12", &address));
}

static void test_formats(void)
{
    char size[16];
    EXPECT_TEXT(cli_format_size(0, size), "0 B");
    EXPECT_TEXT(cli_format_size(1023, size), "1023 B");
    EXPECT_TEXT(cli_format_size(1024, size), "1.0K");
    EXPECT_TEXT(cli_format_size(147849216, size), "141.0M");
    EXPECT_TEXT(cli_format_size(1048575, size), "1.0M"); // not "1024.0K"
    EXPECT_TEXT(cli_format_size(1048000, size), "1023.4K");
    EXPECT_TEXT(cli_format_size(UINT64_MAX, size), "16.0E");
    for (int shift = 0; shift < 64; shift++) {
        cli_format_size((1ULL << shift) - 1, size);
        EXPECT_AT_MOST(strlen(size), 8);
    }
    char time[24];
    EXPECT_TEXT(cli_format_duration(250000, time), "250 us");
    EXPECT_TEXT(cli_format_duration(3140000, time), "3.1 ms");
    EXPECT_TEXT(cli_format_duration(2500000000, time), "2.5 s");
    EXPECT_TEXT(cli_format_duration(842ULL * 1000000000, time), "14 m 02 s");
    EXPECT_TEXT(cli_format_duration(3900ULL * 1000000000, time), "1 h 05 m");
    EXPECT_TEXT(cli_format_duration(UINT64_MAX, time), "213503 d 23 h");
}

// ---- Names and characters -----------------------------------------------------------------------

static const char *nearest_of(const char *wanted)
{
    static const char *const names[] = {"run", "ps", "heaps", "walk", "check", "leaks", "snap"};
    struct nearest nearest = nearest_begin(wanted);
    const char *found = "";
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        found = nearest_try(&nearest, names[i]) ? names[i] : found;
    }
    return found;
}

static void test_nearest(void)
{
    EXPECT_TEXT(nearest_of("leask"), "leaks");
    EXPECT_TEXT(nearest_of("leak"), "leaks");
    EXPECT_TEXT(nearest_of("heap"), "heaps");
    EXPECT_TEXT(nearest_of("rnu"), "run");
    EXPECT_TEXT(nearest_of("chek"), "check");
    EXPECT_TEXT(nearest_of("snapshot"), "");
    EXPECT_TEXT(nearest_of("valgrind"), "");
    EXPECT_TEXT(nearest_of(""), "");
    char huge[5000];
    memset(huge, 'x', sizeof(huge) - 1);
    huge[sizeof(huge) - 1] = 0;
    EXPECT_TEXT(nearest_of(huge), "");
}

static void test_decode(void)
{
    uint32_t code;
    EXPECT_TRUE(text_decode("a", &code) == 1 && code == 'a');
    EXPECT_TRUE(text_decode("\xc3\xa9", &code) == 2 && code == 0xe9);
    EXPECT_TRUE(text_decode("\xe2\x82\xac", &code) == 3 && code == 0x20ac);
    EXPECT_TRUE(text_decode("\xf0\x9f\x98\x80", &code) == 4 && code == 0x1f600);
    static const char *const bad[] = {"\x80", "\xc0\xaf", "\xc3", "\xe2\x82", "\xe0\x80\xaf",
        "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "\xc3(",
        "\xf0\x8f\xbf\xbf"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        EXPECT_SIZE(text_decode(bad[i], &code), 0);
    }
}

/// A terminal obeys no name of a process or file.
static void test_clean(void)
{
    char *clean = text_clean("a\033[2Jb\n\t\x7f\xff\xc2\x9b");
    EXPECT_TEXT(clean, "a\\x1b[2Jb\\x0a\\x09\\x7f\\xff\\xc2\\x9b");
    free(clean);
    clean = text_clean("x\xe2\x80\xaey"); // the rest of the line from right to left
    EXPECT_TEXT(clean, "x\\xe2\\x80\\xaey");
    free(clean);
    clean = text_clean("gr\xc3\xb6\xc3\x9f"
                       "e \xe6\xbc\xa2");
    EXPECT_TEXT(clean, "gr\xc3\xb6\xc3\x9f"
                       "e \xe6\xbc\xa2");
    EXPECT_SIZE(text_width(clean), 8); // the last one is two columns wide
    EXPECT_SIZE(text_fit(clean, 3), 4);
    EXPECT_SIZE(text_fit(clean, 7), strlen(clean) - 3);
    free(clean);
}

// ---- Options ------------------------------------------------------------------------------------

static const struct cli_option options[] = {
    {"output", 'o', "FILE", "Where to"},
    {"all", 'a', NULL, "All"},
    {"form", 0, "text|json", "Form"},
    {"format", 0, "FORMAT", "Format"},
    {NULL, 0, NULL, NULL},
};

static const struct verb plain_verb = {
    .name = "plain",
    .arguments = "FILE...",
    .summary = "Test",
    .options = options,
    .has_json = true,
};

static const struct verb running_verb = {
    .name = "running",
    .arguments = "[--] PROGRAM [ARGUMENT]...",
    .summary = "Test",
    .options = options,
    .takes_program = true,
};

/// Parses words; what is said about them goes to `said`.
static bool parse(struct cli *cli, const struct verb *verb, char **words, char *said, size_t size)
{
    int count = 0;
    while (words[count]) {
        count++;
    }
    fflush(stderr);
    int old = dup(STDERR_FILENO);
    FILE *file = tmpfile();
    dup2(fileno(file), STDERR_FILENO);
    bool is_good = cli_parse(cli, verb, count, words);
    fflush(stderr);
    dup2(old, STDERR_FILENO);
    close(old);
    rewind(file);
    size_t length = fread(said, 1, size - 1, file);
    said[length] = 0;
    fclose(file);
    return is_good;
}

#define WORDS(...) ((char *[]){"verb", __VA_ARGS__, NULL})

static void test_plain_options(void)
{
    struct cli cli;
    char said[400];
    EXPECT_TRUE(parse(&cli, &plain_verb,
                    WORDS("a", "--output=x", "-ay", "-oz", "b", "--json", "--", "--all", "-q"),
                    said, sizeof(said)) == false);
    EXPECT_TEXT(said, "halde plain: there is no option -y; \"halde plain --help\" lists them\n");
    cli_release(&cli);

    EXPECT_TRUE(parse(&cli, &plain_verb,
        WORDS("a", "--output=x", "-a", "-oz", "b", "--json", "--", "--all", "-q"), said,
        sizeof(said)));
    EXPECT_TEXT(said, "");
    EXPECT_SIZE((size_t)cli.argument_count, 4);
    EXPECT_TEXT(cli.arguments[0], "a");
    EXPECT_TEXT(cli.arguments[2], "--all");
    EXPECT_TEXT(cli_value(&cli, "output"), "z");
    EXPECT_SIZE(cli.value_count, 4);
    EXPECT_TRUE(cli.is_json && cli_has(&cli, "all") && !cli.is_quiet && !cli.rest);
    EXPECT_TRUE(!cli_has(&cli, "form"));
    cli_release(&cli);

    EXPECT_TRUE(
        parse(&cli, &plain_verb, WORDS("--form=text", "--form", "json", "-q"), said, sizeof(said)));
    EXPECT_TRUE(cli.is_quiet && cli.argument_count == 0);
    EXPECT_TEXT(cli_value(&cli, "form"), "json");
    cli_release(&cli);
}

static void expect_refused(const struct verb *verb, char **words, const char *expected, int line)
{
    struct cli cli;
    char said[400];
    if (parse(&cli, verb, words, said, sizeof(said)) || strcmp(said, expected) != 0) {
        test_fail((struct test_place){__FILE__, line}, "said: %s", said);
    }
    cli_release(&cli);
}

#define EXPECT_REFUSED(verb, words, expected) expect_refused(verb, words, expected, __LINE__)

static void test_wrong_options(void)
{
    EXPECT_REFUSED(&plain_verb, WORDS("--outptu=3"),
        "halde plain: there is no option --outptu; did you mean --output?\n");
    EXPECT_REFUSED(&plain_verb, WORDS("--out\033put=3"),
        "halde plain: there is no option --out\\x1bput; did you mean --output?\n");
    EXPECT_REFUSED(&plain_verb, WORDS("--zzzzzzzz"),
        "halde plain: there is no option --zzzzzzzz; \"halde plain --help\" lists them\n");
    EXPECT_REFUSED(
        &plain_verb, WORDS("a", "-o"), "halde plain: --output needs a value: --output=FILE\n");
    EXPECT_REFUSED(
        &plain_verb, WORDS("--all=3"), "halde plain: --all takes no value, but got \"3\"\n");
    EXPECT_REFUSED(&plain_verb, WORDS("--form=xml"),
        "halde plain: --form=xml is not possible; there are: text|json\n");
    EXPECT_REFUSED(&plain_verb, WORDS("--form=text|json"),
        "halde plain: --form=text|json is not possible; there are: text|json\n");
    EXPECT_REFUSED(&plain_verb, WORDS("--form="),
        "halde plain: --form= is not possible; there are: text|json\n");
    EXPECT_REFUSED(&running_verb, WORDS("--json"),
        "halde running: there is no option --json; options of the program belong behind its name: "
        "\"halde running -- PROGRAM --json\"\n");
}

static void test_programs(void)
{
    struct cli cli;
    char said[400];
    EXPECT_TRUE(parse(&cli, &running_verb, WORDS("-o", "f", "--", "prog", "--all", "--", "x"), said,
        sizeof(said)));
    EXPECT_SIZE((size_t)cli.rest_count, 4);
    EXPECT_SIZE((size_t)cli.argument_count, 0);
    EXPECT_TEXT(cli.rest[0], "prog");
    EXPECT_TEXT(cli.rest[2], "--");
    EXPECT_TRUE(cli.rest[4] == NULL && !cli_has(&cli, "all"));
    cli_release(&cli);

    // Without "--" as long as nothing is in doubt.
    EXPECT_TRUE(parse(&cli, &running_verb, WORDS("--all", "prog", "--port", "80", "--", "--all"),
        said, sizeof(said)));
    EXPECT_TEXT(said, "");
    EXPECT_SIZE((size_t)cli.rest_count, 5);
    EXPECT_TEXT(cli.rest[1], "--port");
    cli_release(&cli);

    EXPECT_TRUE(parse(&cli, &running_verb, WORDS("--all"), said, sizeof(said)));
    EXPECT_TRUE(cli.rest == NULL);
    cli_release(&cli);
    EXPECT_TRUE(parse(&cli, &running_verb, WORDS("--all", "--"), said, sizeof(said)));
    EXPECT_TRUE(cli.rest == NULL);
    cli_release(&cli);
    EXPECT_TRUE(parse(&cli, &running_verb, WORDS("--help", "prog", "--all"), said, sizeof(said)));
    cli_release(&cli);

    EXPECT_REFUSED(&running_verb, WORDS("prog", "x", "--all"),
        "halde running: --all stands behind the program: write \"halde running -- prog ... --all\" "
        "if it is the program's option, \"halde running --all -- prog\" if it is halde's\n");
}

// ---- JSON ---------------------------------------------------------------------------------------

static void test_json(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    struct json *json = json_begin(stream);
    json_open_object(json);
    json_put_text(json, "a\"\\", "x\xff\xc3\xa9\x01\n");
    json_put_number(json, "n", UINT64_MAX);
    json_put_signed(json, "s", INT64_MIN);
    json_put_real(json, "r", 0.5);
    json_put_real(json, "i", 1.0 / 0.0);
    json_put_flag(json, "f", true);
    json_put_address(json, "p", 0x7f0000001000);
    json_key(json, "l");
    json_open_array(json);
    json_null(json);
    json_text(json, "\xf0\x9f\x98");
    json_close_array(json);
    json_close_object(json);
    EXPECT_TRUE(json_end(json));
    fclose(stream);
    EXPECT_TEXT(text,
        "{\"a\\\"\\\\\":\"x\\\\xff\xc3\xa9\\u0001\\n\",\"n\":18446744073709551615,"
        "\"s\":-9223372036854775808,\"r\":0.5,\"i\":null,\"f\":true,\"p\":\"0x7f0000001000\","
        "\"l\":[null,\"\\\\xf0\\\\x9f\\\\x98\"]}\n");
    free(text);
}

static void test_json_lines(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    struct json *json = json_begin_lines(stream);
    for (uint64_t i = 0; i < 3; i++) {
        json_open_object(json);
        json_put_number(json, "i", i);
        json_close_object(json);
        json_end_line(json);
    }
    EXPECT_TRUE(json_end(json));
    fclose(stream);
    EXPECT_TEXT(text, "{\"i\":0}\n{\"i\":1}\n{\"i\":2}\n");
    free(text);
}

/// Calls in a wrong order, and a full disk, are not kept secret.
static void test_json_trouble(void)
{
    FILE *stream = fopen("/dev/null", "w");
    struct json *json = json_begin(stream);
    json_open_object(json);
    json_number(json, 3); // a number is no key
    json_close_object(json);
    EXPECT_TRUE(!json_end(json));
    fclose(stream);
    stream = fopen("/dev/full", "w");
    setvbuf(stream, NULL, _IONBF, 0);
    json = json_begin(stream);
    json_open_object(json);
    json_close_object(json);
    EXPECT_TRUE(!json_end(json));
    fclose(stream);
}

// ---- Tables -------------------------------------------------------------------------------------

static void test_table(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    struct cli cli = {.has_color = false};
    struct table *table = table_create();
    table_add_column(table, "PID", TABLE_RIGHT);
    table_add_column(table, "NAME", TABLE_LEFT);
    table_add_column(table, "SIZE", TABLE_RIGHT);
    table_add_column(table, "X", TABLE_LEFT);
    const char *names[] = {"a", "gr\xc3\xb6\xc3\x9f\x65", "\033]0;x"};
    for (int i = 0; i < 3; i++) {
        table_add_cell(table, "%d", 10 << (4 * i));
        table_add_cell(table, "%s", names[i]);
        table_add_cell(table, "%d", i);
        table_add_cell(table, "y");
    }
    EXPECT_SIZE(table_row_count(table), 3);
    table_print(table, &cli, stream);
    fclose(stream);
    EXPECT_TEXT(text, " PID  NAME      SIZE  X\n"
                      "  10  a            0  y\n"
                      " 160  gr\xc3\xb6\xc3\x9f"
                      "e        1  y\n"
                      "2560  \\x1b]0;x     2  y\n");
    free(text);
}

static void test_table_colors(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    struct cli cli = {.has_color = true};
    struct table *table = table_create();
    table_add_column(table, "A", TABLE_LEFT);
    table_add_column(table, "B", TABLE_RIGHT);
    table_add_cell(table, "x");
    table_style_cell(table, STYLE_BAD);
    table_add_cell(table, "1");
    table_print(table, &cli, stream);
    fclose(stream);
    EXPECT_TEXT(text, "\033[1mA  B\033[0m\n\033[1;31mx\033[0m  1\n");
    free(text);
}

/// Prints a table of three columns on a terminal that is `columns` wide; what it got.
static void print_on_terminal(const char *columns, char *shown, size_t size)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    ASSERT_TRUE(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    FILE *stream = fopen(ptsname(master), "w");
    ASSERT_TRUE(stream != NULL);
    setenv("COLUMNS", columns, 1);
    struct cli cli = {.has_color = false};
    struct table *table = table_create();
    table_add_column(table, "SIZE", TABLE_RIGHT);
    table_add_column(table, "SITE", TABLE_LEFT);
    table_add_column(table, "MODE", TABLE_LEFT);
    table_add_cell(table, "1234567890123456789012");
    table_add_cell(table, "a_function_with_a_long_name_\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2_end");
    table_add_cell(table, "exact");
    table_print(table, &cli, stream);
    fclose(stream);
    size_t length = 0;
    ssize_t part;
    // The terminal gives a line at a time, and an error where nobody writes any more.
    while ((part = read(master, shown + length, size - 1 - length)) > 0) {
        length += (size_t)part;
    }
    ASSERT_TRUE(length > 0);
    shown[length] = 0;
    close(master);
    unsetenv("COLUMNS");
}

/// Lines that wrap cannot be read: text gives way, numbers never do.
static void test_table_width(void)
{
    char shown[1000];
    print_on_terminal("200", shown, sizeof(shown));
    EXPECT_TRUE(strstr(shown, "_end  exact\r\n") != NULL);
    print_on_terminal("59", shown, sizeof(shown));
    EXPECT_TRUE(strstr(shown, "1234567890123456789012  a_function_with_a_long_name\u2026") != NULL);
    for (char *line = strtok(shown, "\r\n"); line; line = strtok(NULL, "\r\n")) {
        EXPECT_AT_MOST(text_width(line), 59);
    }
    // A character that is two columns wide is shown or not, but not cut through.
    for (int columns = 50; columns < 80; columns++) {
        char text[16];
        snprintf(text, sizeof(text), "%d", columns);
        print_on_terminal(text, shown, sizeof(shown));
        strtok(shown, "\r\n");
        const char *row = strtok(NULL, "\r\n");
        ASSERT_TRUE(row != NULL);
        EXPECT_AT_MOST(text_width(row), (size_t)columns);
        EXPECT_TRUE(strstr(row, "\\x") == NULL && strstr(row, "exact") != NULL);
    }
    print_on_terminal("20", shown, sizeof(shown)); // too narrow: at least the numbers are right
    EXPECT_TRUE(strstr(shown, "1234567890123456789012  a_") != NULL);
}

/// In a child: what must_...() do when there is no memory.
static void expect_out_of_memory(void (*allocate)(void))
{
    int ends[2];
    ASSERT_TRUE(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        allocate();
        _exit(0);
    }
    close(ends[1]);
    char said[200];
    ssize_t length = read(ends[0], said, sizeof(said) - 1);
    close(ends[0]);
    said[length > 0 ? length : 0] = 0;
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_TROUBLE);
    EXPECT_TRUE(strstr(said, "halde: out of memory\n") != NULL);
}

static void allocate_all(void)
{
    free(must_allocate(SIZE_MAX / 4, 8));
}

static void resize_to_all(void)
{
    free(must_resize(NULL, SIZE_MAX / 4, 8));
}

static void test_memory(void)
{
    expect_out_of_memory(allocate_all);
    expect_out_of_memory(resize_to_all);
    size_t capacity = 0;
    int *numbers = NULL;
    for (int i = 0; i < 1000; i++) {
        numbers = must_grow(numbers, (size_t)i, &capacity, sizeof(*numbers));
        numbers[i] = i;
    }
    EXPECT_TRUE(capacity >= 1000 && numbers[0] == 0 && numbers[999] == 999);
    free(numbers);
    char *text = must_format("%d-%s", 7, "x");
    EXPECT_TEXT(text, "7-x");
    free(text);
}

static void test_commands(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    cli_put_command(stream, (char *[]){"./a", "b c", "", "it's", "x;y", "--p=1", NULL});
    fclose(stream);
    EXPECT_TEXT(text, "./a 'b c' '' 'it'\\''s' 'x;y' --p=1");
    free(text);
}

int main(void)
{
    ASSERT_TRUE(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
    test_sizes();
    test_durations();
    test_addresses();
    test_formats();
    test_nearest();
    test_decode();
    test_clean();
    test_plain_options();
    test_wrong_options();
    test_programs();
    test_json();
    test_json_lines();
    test_json_trouble();
    test_table();
    test_table_colors();
    test_table_width();
    test_commands();
    test_memory();
    return test_result();
}
