// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// halde snap: keeps the image of a process in a file.

#include "capture/capture.h"
#include "cli/cli.h"
#include "cli/memory.h"
#include "image/image.h"
#include "leaks/leaks.h"
#include "target/open.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct cli_option OPTIONS[] = {
    {"output", 'o', "FILE",
        "where to write; \"-\" for the standard output (default NAME.PID.halde)"},
    {"contents", 'c', NULL,
        "keep the bytes of the blocks and of everything that may point to them"},
    {"leaks", 'l', NULL, "search for leaks first and keep what was found"},
    {"free", 0, NULL, "keep free blocks, too"},
    OPEN_OPTION_MAX_PAUSE,
    OPEN_OPTION_EXECUTABLE,
    {NULL, 0, NULL, NULL},
};

static const struct cli_example EXAMPLES[] = {
    {"halde snap 4711 -o before.halde", "keep the state of process 4711"},
    {"halde snap 4711 --leaks", "the same with leaks, as server.4711.halde"},
    {"halde snap core.4711 --contents -o all.halde", "make a core file small, for another machine"},
    {"halde diff before.halde after.halde", "then: what grew between two snapshots"},
    {NULL, NULL},
};

static const char DESCRIPTION[] =
    "Writes a snapshot: the heaps, all busy blocks with what is known of them (size, age, thread, "
    "call stack, file and line), modules, mappings and threads. Every verb that looks into a "
    "process "
    "looks into a snapshot just as well.\n"
    "\n"
    "With --contents the bytes of the blocks are kept, and those of stacks, global variables and "
    "other memory that may point to them: then leaks and who work on the snapshot, too. Such a "
    "file "
    "holds what the process held, passwords and keys included: treat it as a core file. Only its "
    "owner may read it.\n"
    "\n"
    "The process is stopped while its bookkeeping is copied, and how long is told.";

static const char EXIT_CODES[] = "0: written; 2: the process could not be read, or the file not "
                                 "written.";

// NAME.PID.halde in the current folder.
static char *usual_name(const struct image *image)
{
    const char *name = image_string(image, image->name);
    const char *slash = strrchr(name, '/');
    name = slash ? slash + 1 : name;
    return must_format("%s.%u.halde", *name ? name : "snapshot", image->process_id);
}

static void say_result(
    const struct cli *cli, const struct image *image, const char *path, uint64_t size)
{
    char written[16];
    char read[16];
    char pause[64] = "";
    if (image->source == IMAGE_LIVE) {
        snprintf(pause, sizeof(pause), "; paused %.1f ms (%zu thread%s), %s read",
            (double)image->pause_ns / 1e6, image->thread_count, image->thread_count == 1 ? "" : "s",
            cli_format_size(image->read_size, read));
    }
    cli_note(cli, "%zu heap%s, %zu block%s, %s -> %s%s", image->heap_count,
        image->heap_count == 1 ? "" : "s", image->block_count, image->block_count == 1 ? "" : "s",
        cli_format_size(size, written), strcmp(path, "-") == 0 ? "standard output" : path, pause);
}

static int put_json(const struct image *image, const char *path, uint64_t size)
{
    struct json *json = json_begin(stdout);
    json_open_object(json);
    json_put_text(json, "schema", "halde.snap/1");
    json_put_text(json, "file", path);
    json_put_number(json, "file_bytes", size);
    json_put_number(json, "pid", image->process_id);
    json_put_number(json, "heaps", image->heap_count);
    json_put_number(json, "blocks", image->block_count);
    json_put_number(json, "pause_ns", image->pause_ns);
    json_put_number(json, "read_bytes", image->read_size);
    json_close_object(json);
    return json_end(json) ? EXIT_CLEAN : EXIT_TROUBLE;
}

static int write_snapshot(const struct cli *cli, const struct image *image, const char *path)
{
    char *error = NULL;
    struct capture_writer *writer = capture_writer_open(path, &error);
    uint64_t size = 0;
    bool is_good = writer != NULL;
    if (is_good) {
        capture_write_image(writer, image, cli_has(cli, "contents") ? CAPTURE_CONTENTS : 0);
        capture_writer_end(writer);
        size = capture_writer_size(writer);
        is_good = capture_writer_close(writer, &error);
    }
    if (!is_good) {
        cli_error(cli, "%s", error);
        free(error);
        return EXIT_TROUBLE;
    }
    if (cli->is_json) {
        return put_json(image, path, size);
    }
    say_result(cli, image, path, size);
    return EXIT_CLEAN;
}

// Whether the output may go there.
static bool check_output(const struct cli *cli, const char *path)
{
    struct stat input;
    struct stat output;
    if (strcmp(path, "-") == 0) {
        if (isatty(STDOUT_FILENO)) {
            cli_error(cli, "a snapshot is nothing for a terminal: give -o FILE, or a pipe");
            return false;
        }
        if (cli->is_json) {
            cli_error(cli, "--json and -o - both want the standard output: give -o FILE");
            return false;
        }
        return true;
    }
    if (stat(cli->arguments[0], &input) == 0 && stat(path, &output) == 0 &&
        input.st_dev == output.st_dev && input.st_ino == output.st_ino) {
        cli_error(cli, "\"%s\" is what is read: give another file with -o", path);
        return false;
    }
    return true;
}

static int flags_of(const struct cli *cli)
{
    bool needs_contents = cli_has(cli, "contents") || cli_has(cli, "leaks");
    return (needs_contents ? OPEN_CONTENTS : 0) | (cli_has(cli, "free") ? OPEN_FREE_BLOCKS : 0);
}

static int run(const struct cli *cli)
{
    if (!cli_expect_arguments(cli, 1, 1)) {
        return EXIT_TROUBLE;
    }
    const char *output = cli_value(cli, "output");
    if (output && !check_output(cli, output)) {
        return EXIT_TROUBLE;
    }
    struct image *image =
        open_image(cli, cli->arguments[0], cli_value(cli, "executable"), flags_of(cli));
    if (!image) {
        return EXIT_TROUBLE;
    }
    if (cli_has(cli, "leaks") && !leaks_classify(image)) {
        cli_note(cli, "no leaks were searched: %s", leaks_trouble());
    }
    if (cli_has(cli, "contents") && !image->read) {
        cli_note(cli, "\"%s\" has no contents that could be kept", cli->arguments[0]);
    }
    char *usual = usual_name(image);
    const char *path = output ? output : usual;
    int code = output || check_output(cli, path) ? write_snapshot(cli, image, path) : EXIT_TROUBLE;
    free(usual);
    image_destroy(image);
    return code;
}

const struct verb verb_snap = {
    .name = "snap",
    .arguments = "PID|CORE|SNAPSHOT",
    .summary = "keep the heaps of a process in a file",
    .description = DESCRIPTION,
    .options = OPTIONS,
    .examples = EXAMPLES,
    .exit_codes = EXIT_CODES,
    .has_json = true,
    .run = run,
};
