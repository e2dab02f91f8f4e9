// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The command line: verbs, their options, and what they have in common.
 *
 * A verb is one file in tools/verbs/ that defines one `const struct verb verb_NAME`; the list of
 * all is in cli/verbs.c.  The tables below make the parser, the help texts, the man pages and the
 * shell completions, so that these cannot drift apart.
 *
 * How texts in the tables are read:
 * - `argument` of an option: capitals are a kind of thing ("FILE", "DIR", "PID", "N", "SIZE",
 *   "DURATION"), and completions offer files for FILE and DIR; small words between bars
 *   ("text|msvc|json") are all there is to choose from, and completions offer these.
 * - `arguments` of a verb: PID, CORE, SNAPSHOT, FILE, VERB, PROGRAM in it are completed as such,
 *   BEFORE as the first three.
 * - `description` and `exit_codes`: paragraphs are separated by an empty line; a line that begins
 *   with a blank is an example or a table and is printed as it is.
 *
 * Memory: allocate with cli/memory.h, which ends the tool with a message when there is none.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/// Exit codes of the tool itself.
enum {
    EXIT_CLEAN = 0,
    EXIT_FINDING = 1,       ///< check, diff, leaks: there is something
    EXIT_TROUBLE = 2,       ///< the question could not be answered
    EXIT_FAIL_ON = 23,      ///< run: --fail-on applied, unless --fail-code says otherwise
    EXIT_OWN_FAILURE = 125, ///< run: halde itself failed
    EXIT_NOT_EXECUTABLE = 126,
    EXIT_NOT_FOUND = 127,
};

struct cli_option {
    const char *name;     ///< long name, without "--"
    char letter;          ///< short form, or 0
    const char *argument; ///< what the value is called in help; NULL: a switch
    const char *help;     ///< one line, without a full stop
};

struct cli_example {
    const char *command;
    const char *says; ///< what it does
};

/// Options that were given, in order.
struct cli_value {
    const struct cli_option *option;
    const char *value; ///< "" for a switch
};

/// What a verb gets.
struct cli {
    const struct verb *verb;
    struct cli_value *values;
    size_t value_count;
    char **arguments; ///< that are no options
    int argument_count;
    char **rest; ///< verbs with `takes_program`: program and arguments, end with NULL; else NULL
    int rest_count;
    bool is_json;   ///< --json
    bool has_color; ///< on the standard output, by --color, NO_COLOR and what it is
    bool is_quiet;
};

struct verb {
    const char *name;
    const char *arguments;   ///< as the usage line shows them: "PID|CORE|SNAPSHOT"
    const char *summary;     ///< one line, without a full stop
    const char *description; ///< paragraphs, separated by an empty line
    const struct cli_option
        *options; ///< ends with a NULL name; --help, --json, --color, --quiet and
                  ///< --no-pager are added
    const struct cli_example *examples; ///< ends with a NULL command
    const char *exit_codes;             ///< paragraph
    bool has_json;                      ///< it understands --json
    bool takes_program; ///< runs a program: options end at "--" or at the program's name
    int (*run)(const struct cli *cli);
};

/// The last value of an option; NULL: it was not given.
const char *cli_value(const struct cli *cli, const char *name);
bool cli_has(const struct cli *cli, const char *name);

/// Says on stderr what is wrong, as "halde VERB: ...", with a newline.
void cli_error(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/// The same for progress and warnings; nothing with --quiet.
void cli_note(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// Whether so many arguments were given that are no options; -1 as maximum: any number.  Says what
/// is wrong, and the usage line.
bool cli_expect_arguments(const struct cli *cli, int minimum, int maximum);
/// Says that an option's value cannot be used and what can: cli_bad_value(cli, "by", "stack or
/// heap").
void cli_bad_value(const struct cli *cli, const char *option, const char *wanted);
/// Whether --output names a file; "-" is the standard output, as is no --output.
bool cli_has_output(const struct cli *cli);
/// That file, begun anew, or the standard output. NULL: said on stderr.
FILE *cli_open_output(const struct cli *cli);
/// Closes it, unless it is the standard output. False: it could not be written (`is_written`, with
/// errno, tells whether all was well until here), said on stderr.
bool cli_close_output(const struct cli *cli, FILE *stream, bool is_written);
/// Whether that has said that the standard output is lost: once is enough.
bool cli_has_told_loss(void);
/// Reads an option whose value is a number from 1 on; without it `*count` stays. False: another
/// value, said on stderr.
bool cli_read_count(const struct cli *cli, const char *option, size_t *count);
/// A command line for people to copy, quoted for a shell where needed: into `stream`.
void cli_put_command(FILE *stream, char *const *words);

/// Text from elsewhere (names, paths, contents) for people: control characters and, where the
/// terminal cannot show them, others are replaced, so that no text can command a terminal.
void cli_put_text(FILE *stream, const char *text);

/// Escape sequences; all are "" unless cli->has_color.  End each with STYLE_END.
enum cli_style {
    STYLE_END,
    STYLE_STRONG,
    STYLE_FAINT,
    STYLE_BAD,
    STYLE_GOOD,
    STYLE_WARNING,
    STYLE_NAME,
};
const char *cli_style(const struct cli *cli, enum cli_style style);
/// Characters in a line of the standard output: COLUMNS, else the terminal's width, else 80.
size_t cli_width(void);
/// Whether a stream ends on a terminal; standard output does, too, while it is kept for a pager.
bool cli_is_terminal(FILE *stream);
/// Whether the locale's characters are UTF-8: otherwise print ASCII only.
bool cli_is_utf8(void);

/// "10": a plain number.
bool cli_parse_count(const char *text, uint64_t *count);
/// "64K", "1.5M", "10": bytes, by powers of 1024. False: no size.
bool cli_parse_size(const char *text, uint64_t *size);
/// "10m", "1.5h", "30s", "200ms": nanoseconds. False: no duration.
bool cli_parse_duration(const char *text, uint64_t *ns);
/// "0x7f..." or digits. False: no address.
bool cli_parse_address(const char *text, uint64_t *address);
/// "141.0M", "38 B": into `buffer`, which is returned.
char *cli_format_size(uint64_t size, char buffer[16]);
/// "14 m 02 s".
char *cli_format_duration(uint64_t ns, char buffer[24]);

// ---- Opening what is to be looked at ------------------------------------------------------------

struct image;

enum {
    OPEN_FREE_BLOCKS = 1 << 0, ///< the image has free elements, too
    OPEN_CONTENTS = 1 << 1,    ///< contents are read later: the process stays stopped until then
    OPEN_CHECK = 1 << 2,       ///< everything is validated: image.damages
};

/// Opens a pid, core file or snapshot. `executable` for cores; NULL: found by itself.
/// @return NULL, after a message on stderr
struct image *open_image(
    const struct cli *cli, const char *what, const char *executable, int flags);

// ---- Tables -----------------------------------------------------------------------------------

struct table;
enum table_align {
    TABLE_LEFT,
    TABLE_RIGHT,
};
struct table *table_create(void);
void table_add_column(struct table *table, const char *title, enum table_align align);
/// One cell after the other; a row is full when it has a cell for each column.
void table_add_cell(struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/// Colours the cell that was added last.
void table_style_cell(struct table *table, enum cli_style style);
size_t table_row_count(const struct table *table);
/// Prints and destroys it.  On a terminal the widest left column gives way to the width.
void table_print(struct table *table, const struct cli *cli, FILE *stream);

// ---- JSON -------------------------------------------------------------------------------------
// A stream of calls; the library below checks the order. One document an invocation, and its first
// key is "schema": "halde.VERB/1".  docs/json-schema.md describes them all; within a version keys
// are only added.

struct json;
struct json *json_begin(FILE *stream); ///< opens nothing: call json_open_object() next
void json_open_object(struct json *json);
void json_close_object(struct json *json);
void json_open_array(struct json *json);
void json_close_array(struct json *json);
void json_key(struct json *json, const char *key);
/// Bytes that are no UTF-8 become "\\xNN".
void json_text(struct json *json, const char *text);
void json_number(struct json *json, uint64_t number);
void json_signed(struct json *json, int64_t number);
void json_real(struct json *json, double number);
void json_flag(struct json *json, bool flag);
void json_address(struct json *json, uint64_t address); ///< as "0x7f..." text
void json_null(struct json *json);
/// key and value at once
void json_put_text(struct json *json, const char *key, const char *text);
void json_put_number(struct json *json, const char *key, uint64_t number);
void json_put_signed(struct json *json, const char *key, int64_t number);
void json_put_real(struct json *json, const char *key, double number);
void json_put_flag(struct json *json, const char *key, bool flag);
void json_put_address(struct json *json, const char *key, uint64_t address);
/// An object with "blocks" and "bytes".
void json_put_sum(struct json *json, const char *key, uint64_t blocks, uint64_t bytes);
/// Ends the document with a newline and destroys it. False: it could not be written.
bool json_end(struct json *json);

/// JSON lines: each document on a line of its own.  Call json_end_line() behind each, json_end()
/// last.
struct json *json_begin_lines(FILE *stream);
void json_end_line(struct json *json);

#endif
