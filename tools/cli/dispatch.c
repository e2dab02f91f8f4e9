// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// From main() to a verb and back.

#include "cli/dispatch.h"
#include "cli/help.h"
#include "cli/memory.h"
#include "cli/nearest.h"
#include "cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int trouble_code = EXIT_TROUBLE;

int cli_trouble_code(void)
{
    return trouble_code;
}

const struct verb *cli_find_verb(const char *name)
{
    for (const struct listed_verb *listed = cli_verbs; listed->verb; listed++) {
        if (strcmp(listed->verb->name, name) == 0) {
            return listed->verb;
        }
    }
    return NULL;
}

const struct verb *cli_nearest_verb(const char *name)
{
    struct nearest nearest = nearest_begin(name);
    const struct verb *found = NULL;
    for (const struct listed_verb *listed = cli_verbs; listed->verb; listed++) {
        if (nearest_try(&nearest, listed->verb->name)) {
            found = listed->verb;
        }
    }
    return found;
}

/// A standard stream that is closed must not become the number of a file that we open: what is said
/// to the user would go there.  A closed one stays as it was for programs that are run.
static void occupy_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
            // The direction that nobody uses: reads and writes fail as before.
            int flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
            if (open("/dev/null", flags | O_CLOEXEC) < 0) {
                return;
            }
        }
    }
}

/// What was printed must have arrived.
static int close_output(const struct verb *verb, int status)
{
    bool is_broken = !pager_end() || ferror(stdout) != 0;
    int error = 0;
    if (fflush(stdout) != 0) {
        is_broken = true;
        error = errno;
    }
    if (!is_broken || cli_has_told_loss()) {
        return status;
    }
    fprintf(stderr, "halde%s%s: the output could not be written%s%s\n", verb ? " " : "",
        verb ? verb->name : "", error ? ": " : "", error ? strerror(error) : "");
    return status == EXIT_CLEAN || status == EXIT_FINDING ? trouble_code : status;
}

static int unknown_verb(const char *name)
{
    const struct verb *nearest = cli_nearest_verb(name);
    fputs("halde: there is no verb \"", stderr);
    cli_put_text(stderr, name);
    if (nearest) {
        fprintf(stderr, "\"; did you mean \"halde %s\"?\n", nearest->name);
    } else if (*name && name[strspn(name, "0123456789")] == 0 && cli_find_verb("heaps")) {
        fprintf(stderr, "\"; did you mean \"halde heaps %s\"?\n", name);
    } else if (name[0] == '-') {
        fputs("\": an option belongs behind a verb; \"halde --help\" lists them\n", stderr);
    } else {
        fputs("\"; \"halde --help\" lists them, \"halde run -- PROGRAM\" runs a program\n", stderr);
    }
    return EXIT_TROUBLE;
}

/// Without a verb: NULL is no answer, the word is taken for a verb.
static bool answer_without_verb(const char *word)
{
    if (!word) {
        help_recipes();
        return true;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        struct cli cli = {.has_color = cli_wants_color(NULL)};
        pager_begin();
        help_overview(&cli);
        return true;
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        help_version();
        return true;
    }
    return false;
}

static int run_verb(const struct verb *verb, int word_count, char **words)
{
    // As env, timeout and others: a failure of ours is none of the program's.
    trouble_code = verb->takes_program ? EXIT_OWN_FAILURE : EXIT_TROUBLE;
    struct cli cli;
    if (!cli_parse(&cli, verb, word_count, words)) {
        cli_release(&cli);
        return trouble_code;
    }
    int status = EXIT_CLEAN;
    if (!verb->takes_program && !cli_has(&cli, "no-pager")) {
        pager_begin();
    }
    if (cli_has(&cli, "help")) {
        help_short(&cli, verb);
    } else {
        status = verb->run(&cli);
    }
    cli_release(&cli);
    return close_output(verb, status);
}

int cli_main(int word_count, char **words)
{
    occupy_standard_descriptors();
    // Characters only: numbers keep their point in every country.
    setlocale(LC_CTYPE, "");
    if (word_count < 1 || answer_without_verb(words[1])) {
        return close_output(NULL, EXIT_CLEAN);
    }
    const struct verb *verb = cli_find_verb(words[1]);
    if (!verb) {
        return unknown_verb(words[1]);
    }
    return run_verb(verb, word_count - 1, words + 1);
}
