// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What is said, and where to: messages, colours, the terminal.

#include "cli/dispatch.h"
#include "cli/memory.h"
#include "cli/text.h"

#include <errno.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/// One line, written at once, so that lines of several processes do not mix.
static void say(const struct cli *cli, const char *format, va_list arguments)
{
    char *message = must_format_list(format, arguments);
    char *clean = text_clean(message);
    const char *verb = cli && cli->verb ? cli->verb->name : NULL;
    fflush(stdout);
    fprintf(stderr, "halde%s%s: %s\n", verb ? " " : "", verb ? verb : "", clean);
    free(clean);
    free(message);
}

void cli_error(const struct cli *cli, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(cli, format, arguments);
    va_end(arguments);
}

void cli_note(const struct cli *cli, const char *format, ...)
{
    if (cli && cli->is_quiet) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    say(cli, format, arguments);
    va_end(arguments);
}

// ---- Where results go ---------------------------------------------------------------------------

bool cli_has_output(const struct cli *cli)
{
    const char *path = cli_value(cli, "output");
    return path && strcmp(path, "-") != 0;
}

FILE *cli_open_output(const struct cli *cli)
{
    if (!cli_has_output(cli)) {
        return stdout;
    }
    FILE *stream = fopen(cli_value(cli, "output"), "we");
    if (!stream) {
        cli_error(cli, "cannot create \"%s\": %s", cli_value(cli, "output"), strerror(errno));
    }
    return stream;
}

static bool has_told_loss;

bool cli_has_told_loss(void)
{
    return has_told_loss;
}

bool cli_close_output(const struct cli *cli, FILE *stream, bool is_written)
{
    is_written = fflush(stream) == 0 && is_written;
    int number = errno;
    if (stream != stdout && fclose(stream) != 0) {
        number = is_written ? errno : number;
        is_written = false;
    }
    if (!is_written) {
        const char *name = cli_has_output(cli) ? cli_value(cli, "output") : "standard output";
        cli_error(cli, "cannot write \"%s\": %s", name, strerror(number));
        has_told_loss = has_told_loss || stream == stdout;
    }
    return is_written;
}

// ---- Colours and the terminal -------------------------------------------------------------------

/// The order in which programs agree to decide.
bool cli_wants_color(const char *when)
{
    if (when && strcmp(when, "auto") != 0) {
        return strcmp(when, "always") == 0;
    }
    const char *no_color = getenv("NO_COLOR");
    if (no_color && *no_color) {
        return false;
    }
    const char *force = getenv("CLICOLOR_FORCE");
    if (force && *force && strcmp(force, "0") != 0) {
        return true;
    }
    const char *terminal = getenv("TERM");
    if (!terminal || !*terminal || strcmp(terminal, "dumb") == 0) {
        return false;
    }
    return isatty(STDOUT_FILENO) == 1;
}

const char *cli_style(const struct cli *cli, enum cli_style style)
{
    static const char *const sequences[] = {
        [STYLE_END] = "\033[0m",
        [STYLE_STRONG] = "\033[1m",
        [STYLE_FAINT] = "\033[2m",
        [STYLE_BAD] = "\033[1;31m",
        [STYLE_GOOD] = "\033[32m",
        [STYLE_WARNING] = "\033[33m",
        [STYLE_NAME] = "\033[36m",
    };
    return cli && cli->has_color ? sequences[style] : "";
}

size_t cli_width(void)
{
    const char *columns = getenv("COLUMNS");
    uint64_t width = 0;
    if (columns && cli_parse_count(columns, &width) && width >= 20 && width <= 10000) {
        return (size_t)width;
    }
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) {
        return size.ws_col;
    }
    return 80;
}

bool cli_is_terminal(FILE *stream)
{
    int fd = stream == stdout ? STDOUT_FILENO : fileno(stream);
    return fd >= 0 && isatty(fd) == 1;
}

bool cli_is_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/// Words that a shell takes as they are.
static bool is_plain_word(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./,:=@%+";
    return *word && strspn(word, plain) == strlen(word);
}

void cli_put_command(FILE *stream, char *const *words)
{
    for (size_t i = 0; words[i]; i++) {
        fputs(i > 0 ? " " : "", stream);
        char *clean = text_clean(words[i]);
        if (is_plain_word(clean)) {
            fputs(clean, stream);
        } else {
            fputc('\'', stream);
            for (const char *c = clean; *c; c++) {
                fputs(*c == '\'' ? "'\\''" : (char[]){*c, 0}, stream);
            }
            fputc('\'', stream);
        }
        free(clean);
    }
}
