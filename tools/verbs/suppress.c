// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// halde suppress: entries of a suppression file, for leaks that are known.

#include "cli/cli.h"
#include "cli/memory.h"
#include "leaks/leaks.h"
#include "report/report.h"
#include "target/open.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct cli_option options[] = {
    {"all", 'a', NULL, "All leaks that are not suppressed yet, instead of given ones"},
    {"kinds", 'k', "KINDS",
        "With --all: which leaks: definite, indirect, possible, reachable, separated by commas; "
        "leaks or all (definite,possible: what hangs on these goes with them)"},
    {"format", 'f', "own|lsan|valgrind", "Form of the entries (own)"},
    {"output", 'o', "FILE", "Append to FILE, instead of writing to standard output"},
    {"reason", 'r', "TEXT", "Why the leak is accepted; goes into the entry"},
    SYMBOLS_OPTION_DEBUGINFOD,
    OPEN_OPTION_EXECUTABLE,
    {NULL, 0, NULL, NULL},
};

static const struct cli_example examples[] = {
    {"halde suppress 9c41e7", "the leak with this hash of the newest capture in this folder"},
    {"halde suppress server.4711.halde 9c41e7 11ab02 -o known.supp", "two leaks, added to a file"},
    {"halde suppress server.4711.halde --all -o known.supp", "from now on, only new leaks count"},
    {"halde suppress 4711 --all --format=lsan", "leaks of a process, for LeakSanitizer"},
    {NULL, NULL},
};

struct request {
    const struct cli *cli;
    const char *subject; ///< pid, core or snapshot
    char *newest;        ///< the subject, if it was found in the folder
    char *const *hashes; ///< NULL-terminated, as all words of a command line
    enum suppression_form form;
    unsigned kinds;
    const char *reason;
    FILE *stream;
    size_t written;
};

// ---- Command line -------------------------------------------------------------------------------

static bool is_hash(const char *word)
{
    word += *word == '#';
    size_t length = strspn(word, "0123456789abcdefABCDEF");
    return word[length] == 0 && length >= SITE_HASH_DIGITS && length < SITE_HASH_SIZE;
}

/// A hash, and nothing that can be looked into: a number that is long enough may be a pid.
static bool is_hash_only(const char *word)
{
    struct stat status;
    bool is_number = word[strspn(word, "0123456789")] == 0;
    return is_hash(word) && !is_number && stat(word, &status) != 0;
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/// What `halde run` or `halde snap` wrote last, here.
static char *newest_capture(void)
{
    glob_t found;
    if (glob("./*.halde", GLOB_NOSORT, NULL, &found) != 0) {
        return NULL;
    }
    const char *newest = NULL;
    struct timespec newest_time = {0};
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct stat status;
        if (stat(found.gl_pathv[i], &status) == 0 && S_ISREG(status.st_mode) &&
            (!newest || is_later(&status.st_mtim, &newest_time))) {
            newest = found.gl_pathv[i];
            newest_time = status.st_mtim;
        }
    }
    char *copy = newest ? must_copy_text(newest + strlen("./")) : NULL;
    globfree(&found);
    return copy;
}

static bool read_subject(struct request *request)
{
    const struct cli *cli = request->cli;
    request->subject = cli->arguments[0];
    request->hashes = cli->arguments + 1;
    if (!is_hash_only(cli->arguments[0])) {
        return true;
    }
    request->newest = newest_capture();
    if (!request->newest) {
        cli_error(cli,
            "there is no capture in this folder; say where the leak was found: \"halde suppress "
            "FILE %s\"",
            cli->arguments[0]);
        return false;
    }
    cli_note(cli, "looking into %s, the newest capture in this folder", request->newest);
    request->subject = request->newest;
    request->hashes = cli->arguments;
    return true;
}

static bool read_hashes(const struct request *request)
{
    const struct cli *cli = request->cli;
    bool is_all = cli_has(cli, "all");
    for (char *const *hash = request->hashes; *hash; hash++) {
        if (!is_hash(*hash)) {
            cli_error(
                cli, "\"%s\" is no hash; a report shows them behind each leak, as 9c41e7", *hash);
            return false;
        }
    }
    if (is_all == (request->hashes[0] != NULL)) {
        cli_error(cli, is_all ? "give hashes or --all, not both"
                              : "which leaks? give their hashes, as a report shows them, or --all");
        return false;
    }
    return true;
}

static void read_form(struct request *request)
{
    const char *form = cli_value(request->cli, "format");
    request->form = SUPPRESSION_OWN;
    if (form && strcmp(form, "lsan") == 0) {
        request->form = SUPPRESSION_LSAN;
    } else if (form && strcmp(form, "valgrind") == 0) {
        request->form = SUPPRESSION_VALGRIND;
    }
}

static bool read_kinds(struct request *request)
{
    const char *kinds = cli_value(request->cli, "kinds");
    request->kinds = 1U << REACH_DEFINITE | 1U << REACH_POSSIBLE;
    if (!cli_has(request->cli, "all")) {
        request->kinds = LEAK_KINDS_ALL;
    } else if (kinds && !leak_kinds_parse(kinds, &request->kinds)) {
        cli_bad_value(request->cli, "kinds",
            "definite, indirect, possible and reachable, separated by commas, or leaks, or all");
        return false;
    }
    return true;
}

// ---- Entries ------------------------------------------------------------------------------------

/// @param class_  that all blocks have; REACH_NOT_SEARCHED: the entry is to hold for every class
static void write_entry(struct request *request, const struct image *image, struct symbols *symbols,
    const struct site *site, uint32_t class_)
{
    const struct suppression_subject subject = {
        .stack = symbols_stack(symbols, site->stack),
        .hash = site->hash,
        .file = image_string(image, site->file),
        .line = site->line,
        .class_ = class_,
    };
    if (suppression_write(request->stream, request->form, &subject, request->reason)) {
        request->written++;
    } else {
        cli_note(request->cli,
            "%s has no stack, which this form needs; --format=own can name its file", site->hash);
    }
}

/// Sites of one hash have one entry, though they may be of several classes.
struct hashed {
    uint64_t full_hash;
    size_t site;
    uint32_t class_;
};

enum {
    NOT_FIRST = UINT32_MAX, ///< a site whose hash another one before it has
};

static int compare_hashed(const void *left_item, const void *right_item)
{
    const struct hashed *left = left_item;
    const struct hashed *right = right_item;
    if (left->full_hash != right->full_hash) {
        return left->full_hash < right->full_hash ? -1 : 1;
    }
    return left->site < right->site ? -1 : left->site > right->site;
}

/// For each site the class of all sites with its hash, REACH_NOT_SEARCHED if there are several; or
/// NOT_FIRST. To be freed.
static uint32_t *find_classes_of_hashes(const struct sites *sites)
{
    uint32_t *classes = must_allocate(sites->count + 1, sizeof(*classes));
    struct hashed *hashed = must_allocate(sites->count + 1, sizeof(*hashed));
    for (size_t i = 0; i < sites->count; i++) {
        const struct site *site = &sites->items[i];
        hashed[i] = (struct hashed){site->full_hash, i, site->worst_class};
    }
    qsort(hashed, sites->count, sizeof(*hashed), compare_hashed);
    for (size_t i = 0; i < sites->count;) {
        uint32_t *class_ = &classes[hashed[i].site];
        *class_ = hashed[i].class_;
        size_t next = i + 1;
        for (; next < sites->count && hashed[next].full_hash == hashed[i].full_hash; next++) {
            *class_ = hashed[next].class_ == *class_ ? *class_ : REACH_NOT_SEARCHED;
            classes[hashed[next].site] = NOT_FIRST;
        }
        i = next;
    }
    free(hashed);
    return classes;
}

static void write_all(struct request *request, const struct image *image, struct symbols *symbols,
    const struct sites *sites, const uint32_t *classes)
{
    for (size_t i = 0; i < sites->count; i++) {
        if (classes[i] != NOT_FIRST) {
            write_entry(request, image, symbols, &sites->items[i], classes[i]);
        }
    }
    if (sites->count == 0) {
        cli_note(request->cli, "%s has no leak that is not suppressed already", request->subject);
    }
}

static bool write_one(struct request *request, const struct image *image, struct symbols *symbols,
    const struct sites *sites, const uint32_t *classes, const char *hash)
{
    const struct site *found = NULL;
    for (size_t i = 0; i < sites->count; i++) {
        const struct site *site = &sites->items[i];
        if (!site_has_hash(site, hash)) {
            continue;
        }
        if (found && found->full_hash != site->full_hash) {
            cli_error(request->cli, "%s begins the hashes of several sites, as %s and %s", hash,
                found->hash, site->hash);
            return false;
        }
        found = found ? found : site;
    }
    if (!found) {
        cli_error(request->cli,
            "%s has no blocks from a site %s; \"halde leaks %s --all\" lists all", request->subject,
            hash, request->subject);
        return false;
    }
    write_entry(request, image, symbols, found, classes[found - sites->items]);
    return true;
}

static bool write_entries(struct request *request, const struct image *image,
    struct symbols *symbols, struct suppressions *known)
{
    const struct leak_report_options report_options = {
        .kinds = request->kinds,
        .top = SIZE_MAX,
        // A leak that is named is written, whatever is suppressed.
        .suppressions = cli_has(request->cli, "all") ? known : NULL,
    };
    struct leak_report *report = leak_report_create(image, symbols, &report_options);
    const struct sites *sites = leak_report_sites(report);
    uint32_t *classes = find_classes_of_hashes(sites);
    bool is_good = true;
    if (request->hashes[0] == NULL) {
        write_all(request, image, symbols, sites, classes);
    }
    for (char *const *hash = request->hashes; *hash && is_good; hash++) {
        is_good = write_one(request, image, symbols, sites, classes, *hash);
    }
    free(classes);
    leak_report_destroy(report);
    return is_good;
}

// ---- All of it ----------------------------------------------------------------------------------

static bool has_classes(const struct image *image)
{
    for (size_t i = 0; i < image->block_count; i++) {
        if (image->blocks[i].class_ != REACH_NOT_SEARCHED) {
            return true;
        }
    }
    return false;
}

static bool find_classes(const struct request *request, struct image *image)
{
    if ((image->read == NULL && has_classes(image)) || leaks_classify(image)) {
        return true;
    }
    // Without them every block is as good a leak as any other.
    cli_error(
        request->cli, "%s cannot be searched for leaks: %s", request->subject, leaks_trouble());
    return false;
}

/// What the file holds already need not be written again.
static bool read_known(const struct request *request, struct suppressions *known)
{
    const char *path = cli_value(request->cli, "output");
    struct stat status;
    char *error = NULL;
    if (!path || stat(path, &status) != 0 || !S_ISREG(status.st_mode) ||
        suppressions_read(known, path, &error)) {
        return true;
    }
    cli_error(request->cli, "%s", error);
    free(error);
    return false;
}

static bool open_output(struct request *request)
{
    const char *path = cli_value(request->cli, "output");
    request->stream = path ? fopen(path, "ae") : stdout;
    if (!request->stream) {
        cli_error(request->cli, "%s cannot be written: %s", path, strerror(errno));
        return false;
    }
    return true;
}

static bool close_output(const struct request *request)
{
    const char *path = cli_value(request->cli, "output");
    if (!path) {
        return true; // whoever ends the tool looks after it
    }
    bool is_good = ferror(request->stream) == 0;
    is_good = fclose(request->stream) == 0 && is_good;
    if (!is_good) {
        cli_error(request->cli, "%s could not be written: %s", path, strerror(errno));
    } else if (request->written > 0) {
        cli_note(request->cli, "%zu %s added to %s", request->written,
            request->written == 1 ? "entry" : "entries", path);
    }
    return is_good;
}

static bool suppress(struct request *request, struct suppressions *known)
{
    struct image *image = open_image(
        request->cli, request->subject, cli_value(request->cli, "executable"), OPEN_CONTENTS);
    if (!image) {
        return false;
    }
    bool is_good = false;
    if (find_classes(request, image) && open_output(request)) {
        struct symbols *symbols = symbols_open(request->cli, image);
        is_good = write_entries(request, image, symbols, known);
        symbols_destroy(symbols);
        is_good = close_output(request) && is_good;
    }
    image_destroy(image);
    return is_good;
}

static int run(const struct cli *cli)
{
    struct request request = {.cli = cli, .reason = cli_value(cli, "reason")};
    if (!cli_expect_arguments(cli, 1, -1)) {
        return EXIT_TROUBLE;
    }
    struct suppressions *known = suppressions_create();
    read_form(&request);
    bool is_good = read_kinds(&request) && read_subject(&request) && read_hashes(&request) &&
                   read_known(&request, known) && suppress(&request, known);
    suppressions_destroy(known);
    free(request.newest);
    return is_good ? EXIT_CLEAN : EXIT_TROUBLE;
}

const struct verb verb_suppress = {
    .name = "suppress",
    .arguments = "[PID|CORE|SNAPSHOT] [HASH]...",
    .summary = "Write entries of a suppression file",
    .description =
        "Writes entries that make \"halde run\", \"halde leaks\" and others pass over known leaks: "
        "they read such files with --suppressions.  A leak is named by its hash, which reports "
        "show behind it; it stays the same when the program is started again and, mostly, when it "
        "is built again.  With --all, all leaks are meant that neither the built-in entries nor "
        "those in the file of --output suppress.\n\n"
        "Without PID, CORE or SNAPSHOT, the newest *.halde of this folder is taken.  A "
        "hash of digits only is written as #904117 then, because a number is a process.\n\n"
        "Forms:\n\n"
        "  own       one line: kind, stack, and a reason; may be given an end with until=\n"
        "  lsan      a line leak:FUNCTION, as LeakSanitizer reads it: the site's function "
        "wherever\n"
        "            it was called from\n"
        "  valgrind  an entry Memcheck:Leak, with the whole stack\n\n"
        "All three are read by this tool, too, mixed in one file.  In an entry of its own form, "
        "every key may be left out or changed:\n\n"
        "  suppress kind=definite stack=\"cache_fill <- server_*\" until=2027-01-31 "
        "reason=\"...\"\n"
        "  suppress module=libfoo.so* reason=\"never frees what it reads at start\"\n"
        "  suppress file=src/table.c:88 type=client:7 reason=\"...\"\n\n"
        "In stack, functions from the innermost on are separated by \"<-\"; * and ? are wildcards, "
        "and ... stands for any number of frames.",
    .options = options,
    .examples = examples,
    .exit_codes = "0: entries were written, or --all found nothing to write. 2: a hash is not "
                  "there, or the question could not be answered.",
    .run = run,
};
