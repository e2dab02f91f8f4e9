// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "target/open.h"

#include "base/layout.h"
#include "capture/capture.h"
#include "cli/cli.h"
#include "cli/memory.h"
#include "image/heaps.h"
#include "image/image.h"
#include "target/internal.h"
#include "target/permission.h"
#include "target/process.h"
#include "target/scan.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// ---- Why there is no heap -----------------------------------------------------------------------

static void explain_no_layout(
    struct target *target, const char *subject, struct target_error *error)
{
    size_t count;
    const struct target_mapping *mappings = target_mappings(target, &count);
    if (!target_is_live(target)) {
        target_say(error, TARGET_NO_HEAP,
            "%s carries no Halde heap: the program used %s malloc; start it under `halde run`, or "
            "link it with libhalde, and take a core of that",
            subject, scan_allocator(mappings, count));
        return;
    }
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/exe", (int)target_process_id(target));
    if (scan_is_static(path)) {
        target_say(error, TARGET_NO_HEAP,
            "%s carries no Halde heap, and it is statically linked, so that none can be loaded "
            "into "
            "it: link the program with libhalde.a, or dynamically",
            subject);
        return;
    }
    target_say(error, TARGET_NO_HEAP,
        "%s carries no Halde heap: it uses %s malloc; start it as `halde run -- %s ...`, or with "
        "LD_PRELOAD=libhalde-preload.so",
        subject, scan_allocator(mappings, count), target_name(target));
}

static char *subject_of(const struct target *target)
{
    return target_is_live(target)
               ? must_format("process %d (%s)", (int)target_process_id(target), target_name(target))
               : must_format("the core file of process %d (%s)", (int)target_process_id(target),
                     target_name(target));
}

// The thread through which we look loses its memory before the process has ended: from then on
// nothing can be read.
static bool is_gone(const struct target *target)
{
    struct process_status status;
    return process_living_thread(target_process_id(target)) == 0 ||
           !process_status(target->reached, &status) || !status.has_memory;
}

// Whether a process has ended. Its memory goes bit by bit, so it is given some time.
static bool has_ended(struct target *target, unsigned patience_ms)
{
    for (; target_is_live(target); patience_ms--) {
        if (is_gone(target)) {
            return true;
        }
        if (patience_ms == 0) {
            break;
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return false;
}

// Mappings may be shown to somebody who may not read what lies there.
static bool can_read(struct target *target)
{
    size_t count;
    const struct target_mapping *mappings = target_mappings(target, &count);
    for (size_t i = 0; i < count; i++) {
        char byte;
        if (mappings[i].is_readable) {
            return target_read(target, mappings[i].start, &byte, 1) == 1;
        }
    }
    return false;
}

static void explain_view(struct target *target, enum view_status status, struct target_error *error)
{
    char *subject = subject_of(target);
    if (status != VIEW_NO_MEMORY && has_ended(target, status == VIEW_BAD_LAYOUT ? 20 : 0)) {
        target_say(error, TARGET_ENDED, "%s ended while it was being looked at", subject);
    } else if (status == VIEW_NO_LAYOUT && target_is_live(target) && !can_read(target)) {
        permission_explain(target_process_id(target), EPERM, error);
    } else if (status == VIEW_NO_LAYOUT) {
        explain_no_layout(target, subject, error);
    } else if (status == VIEW_NO_MEMORY) {
        target_say(error, TARGET_NO_MEMORY, "not enough memory to read the heaps of %s", subject);
    } else {
        // The text ends a sentence that begins with the process.
        target_say(error, TARGET_NO_HEAP, "%s %s", subject, view_status_text(status));
    }
    free(subject);
}

// A process that ended under our hands gives all kinds of errors; this is the one that counts.
static void explain_end(struct target *target, struct target_error *error)
{
    char *subject = subject_of(target);
    if (has_ended(target, 0)) {
        target_say(error, TARGET_ENDED, "%s ended while it was being looked at", subject);
    } else if (target_is_live(target)) {
        target_say(error, TARGET_NO_MEMORY,
            "the heaps of %s could not be read: its memory cannot be reached, or there is not "
            "enough memory here to copy what describes them",
            subject);
    } else {
        target_say(error, TARGET_BAD_FILE,
            "the heaps in %s could not be read: the file lacks the memory that describes them; let "
            "the kernel write private anonymous memory (/proc/PID/coredump_filter, bit 0)",
            subject);
    }
    free(subject);
}

// ---- Asking the allocator -----------------------------------------------------------------------

// Where the word is that says whether a thread is inside the allocator.
struct question {
    struct target *target;
    struct heaps *heaps;
    int64_t record_offset; // thread pointer + this: address of the thread's record
    uint64_t in_offset;    // in the record
    bool is_known;
};

static bool is_quiet(void *context)
{
    const struct question *question = context;
    return heaps_is_quiet(question->heaps);
}

static bool is_inside(void *context, uint64_t thread_pointer)
{
    const struct question *question = context;
    uint64_t record, in;
    return question->is_known && thread_pointer != 0 &&
           target_read_all(question->target, thread_pointer + (uint64_t)question->record_offset,
               &record, sizeof(record)) &&
           target_read_all(question->target, record + question->in_offset, &in, sizeof(in)) &&
           in != 0;
}

static void prepare_question(struct question *question)
{
    const struct view *view = heaps_view(question->heaps);
    uint64_t address = view_layout_address(view);
    struct layout_field field;
    uint32_t counts[2]; // field_count, fields_offset
    question->record_offset = view_constant(view, LAYOUT_CONSTANT_THREAD_TLS_OFFSET);
    question->is_known =
        question->record_offset != 0 &&
        target_read_all(question->target, address + offsetof(struct layout, field_count), counts,
            sizeof(counts)) &&
        counts[0] > LAYOUT_FIELD_thread_in &&
        target_read_all(question->target,
            address + counts[1] + LAYOUT_FIELD_thread_in * sizeof(field), &field, sizeof(field));
    question->in_offset = question->is_known ? field.offset : 0;
}

// ---- Images -------------------------------------------------------------------------------------

// Stops the process until it can be read exactly. False: `error` says why not.
static bool stop_process(
    struct target *target, struct heaps *heaps, int flags, struct target_error *error)
{
    if ((flags & OPEN_RUNNING) != 0 || !target_is_live(target)) {
        return true;
    }
    struct question question = {.target = target, .heaps = heaps};
    prepare_question(&question);
    struct target_question asked = {is_quiet, is_inside, &question};
    return target_stop_quietly(target, &asked, error) != TARGET_STOP_FAILED;
}

// Copies what will be read later. True: the process can go on.
static bool keep_contents(struct target *target, struct heaps *heaps, int flags)
{
    if ((flags & OPEN_HELD) != 0) {
        return false;
    }
    if ((flags & OPEN_CONTENTS) != 0) {
        struct view_range ranges[2];
        heaps_content_ranges(heaps, ranges);
        return target_keep_contents(target, ranges, 2, 0);
    }
    if ((flags & OPEN_CHECK) != 0) {
        size_t count;
        struct view_range *ranges = heaps_checked_ranges(heaps, &count);
        bool is_kept = count == 0 || target_keep_contents(target, ranges, count, 0);
        free(ranges);
        return is_kept;
    }
    return true;
}

// What has to be read while nobody runs, so that registers, heaps and contents are of one moment;
// then the process goes on, if it can.
static bool read_stopped(struct target *target, struct image *image, struct heaps *heaps, int flags,
    struct target_error *error)
{
    if (!stop_process(target, heaps, flags, error)) {
        return false;
    }
    if (!heaps_fetch(heaps)) {
        target_continue(target);
        explain_end(target, error);
        return false;
    }
    bool is_good = (flags & OPEN_RUNNING) != 0 || target_fill_threads(target, image);
    if ((flags & OPEN_CONTENTS) != 0) { // what a search for pointers begins with
        const struct view_range range = view_reservation(heaps_view(heaps));
        is_good = is_good && target_fill_vectors(target, image, &range);
    }
    if (keep_contents(target, heaps, flags)) {
        target_continue(target);
    }
    if (!is_good) {
        target_say(error, TARGET_NO_MEMORY, "not enough memory for the list of threads");
    }
    return is_good;
}

// What can be done before the process is stopped, so that the stop is short.
static void prepare(struct target *target, struct heaps *heaps, int flags)
{
    if (!target_is_live(target) || (flags & (OPEN_RUNNING | OPEN_HELD)) != 0) {
        return;
    }
    heaps_prepare(heaps);
    if ((flags & OPEN_CONTENTS) != 0) {
        target_prepare_contents(target, UINT64_MAX, 0);
    } else if ((flags & OPEN_CHECK) != 0) {
        size_t count;
        struct view_range *ranges = heaps_checked_ranges(heaps, &count);
        uint64_t size = 0;
        for (size_t i = 0; i < count; i++) {
            size += ranges[i].end - ranges[i].start;
        }
        if (count > 0) {
            target_prepare_contents(target, size, 0);
        }
        free(ranges);
    }
}

static int heaps_flags(const struct target *target, int flags)
{
    return (flags & OPEN_FREE_BLOCKS ? HEAPS_FREE_BLOCKS : 0) |
           (flags & OPEN_CHECK ? HEAPS_CHECK : 0) | (flags & OPEN_SUMS ? HEAPS_SUMS : 0) |
           (target_is_live(target) && (flags & OPEN_RUNNING) == 0 ? HEAPS_RESIDENT : 0);
}

// Fills an image whose other parts are there. False: `error` says why.
static bool fill_heaps(
    struct target *target, struct image *image, int flags, struct target_error *error)
{
    enum view_status status = VIEW_OK;
    struct heaps *heaps = heaps_open(image, &status);
    if (heaps == NULL) {
        explain_view(target, status, error);
        return false;
    }
    prepare(target, heaps, flags);
    bool is_good = read_stopped(target, image, heaps, flags, error);
    if (is_good && !heaps_fill(heaps, heaps_flags(target, flags))) {
        target_say(error, TARGET_NO_MEMORY, "not enough memory for the list of blocks");
        is_good = false;
    }
    heaps_close(heaps);
    if ((flags & OPEN_CONTENTS) == 0) {
        target_continue(target);
    }
    if (is_good && !target_finish_image(target, image)) {
        target_say(error, TARGET_NO_MEMORY, "not enough memory for the list of mappings");
        is_good = false;
    }
    return is_good;
}

static struct image *image_of(
    struct target *target, int flags, const struct image_choice *choice, struct target_error *error)
{
    struct image *image = image_create();
    if (image == NULL || !target_fill_image(target, image)) {
        image_destroy(image);
        target_close(target);
        target_say(error, TARGET_NO_MEMORY, "not enough memory for an image of the process");
        return NULL;
    }
    // The target belongs to the image from here on.
    image->choice = choice;
    if (!fill_heaps(target, image, flags, error)) {
        image_destroy(image);
        return NULL;
    }
    image->choice = NULL;
    image_sort(image);
    return image;
}

struct image *open_process_image(pid_t pid, int flags, struct target_error *error)
{
    struct target *target = target_open_process(pid, error);
    return target != NULL ? image_of(target, flags, NULL, error) : NULL;
}

struct image *open_core_image(
    const char *path, const char *executable, int flags, struct target_error *error, char **warning)
{
    struct target *target = target_open_core(path, executable, error);
    *warning = NULL;
    if (target == NULL) {
        return NULL;
    }
    *warning = *target_warning(target) != 0 ? must_copy_text(target_warning(target)) : NULL;
    return image_of(target, flags, NULL, error);
}

// ---- The command line's argument ----------------------------------------------------------------

// A process id; 0: it is none.
static pid_t parse_pid(const char *text)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    return isdigit((unsigned char)*text) && *end == 0 && errno == 0 && number > 0 &&
                   number <= INT32_MAX
               ? (pid_t)number
               : 0;
}

static void warn_if_inexact(const struct cli *cli, const struct image *image)
{
    const char *help = image->source == IMAGE_LIVE ? "; a longer --max-pause may help" : "";
    for (size_t i = 0; i < image->heap_count; i++) {
        if (!image->heaps[i].is_exact) {
            cli_note(cli,
                "a thread was inside the allocator: what is said about heap 0x%llx may be "
                "off by what it was doing%s",
                (unsigned long long)image->heaps[i].handle, help);
        }
    }
}

// It was too much to copy: who reads it now keeps it waiting.
static void warn_if_stopped(const struct cli *cli, const struct image *image)
{
    if (target_is_stopped(image->reader)) {
        cli_note(cli,
            "process %u stays stopped until this is done: its contents are more than half of the "
            "free memory here, so they are not copied first",
            image->process_id);
    }
}

// The option --max-pause. False: it makes no sense, and that was said.
static bool read_patience(const struct cli *cli, uint64_t *patience_ns)
{
    const char *value = cli_value(cli, "max-pause");
    if (value != NULL && !cli_parse_duration(value, patience_ns)) {
        cli_bad_value(cli, "max-pause", "a duration: 5ms, 250ms, 2s");
        return false;
    }
    return true;
}

static struct image *open_process(
    const struct cli *cli, pid_t pid, int flags, const struct image_choice *choice)
{
    struct target_error error = {.trouble = TARGET_NO_TROUBLE};
    uint64_t patience_ns = TARGET_PATIENCE_NS;
    if (!read_patience(cli, &patience_ns)) {
        return NULL;
    }
    struct target *target = target_open_process(pid, &error);
    struct image *image = NULL;
    if (target != NULL) {
        target_set_patience(target, patience_ns);
        image = image_of(target, flags, choice, &error);
    }
    if (image == NULL) {
        cli_error(cli, "%s", error.text);
    } else if ((flags & OPEN_RUNNING) == 0) {
        warn_if_inexact(cli, image);
        warn_if_stopped(cli, image);
    }
    return image;
}

void open_say_pause(const struct cli *cli, const struct image *image)
{
    char size[16];
    if (image->source == IMAGE_LIVE) {
        cli_note(cli, "paused %.1f ms (%zu thread%s), %s read", (double)image->pause_ns / 1e6,
            image->thread_count, image->thread_count == 1 ? "" : "s",
            cli_format_size(image->read_size, size));
    }
}

static struct image *open_core(
    const struct cli *cli, const char *path, const char *executable, int flags)
{
    struct target_error error = {.trouble = TARGET_NO_TROUBLE};
    char *warning = NULL;
    struct image *image = open_core_image(path, executable, flags, &error, &warning);
    if (warning != NULL) {
        cli_note(cli, "%s", warning);
        free(warning);
    }
    if (image == NULL) {
        cli_error(cli, "%s", error.text);
    } else {
        warn_if_inexact(cli, image);
    }
    return image;
}

static struct image *open_snapshot(const struct cli *cli, const char *path)
{
    char *message = NULL;
    struct image *image = capture_load(path, &message);
    if (image == NULL) {
        cli_error(cli, "%s", message != NULL ? message : path);
    } else if (message != NULL) {
        cli_note(cli, "%s", message);
    }
    free(message);
    return image;
}

// No file has this name: perhaps a process does.
static void explain_missing(const struct cli *cli, const char *what, int number)
{
    size_t count;
    pid_t *ids = scan_processes(&count);
    pid_t found = 0;
    for (size_t i = 0; i < count && found == 0; i++) {
        char *name = process_name(ids[i]);
        found = strcmp(name, what) == 0 ? ids[i] : 0;
        free(name);
    }
    free(ids);
    if (number == ENOENT && found != 0) {
        cli_error(cli, "there is no file %s; did you mean process %d, whose name this is?", what,
            (int)found);
    } else if (number == ENOENT) {
        cli_error(cli,
            "there is no file %s, and it is no process id: give the id of a running "
            "process (`halde ps` lists them), a core file or a snapshot",
            what);
    } else {
        cli_error(cli, "cannot open %s: %s", what, strerror(number));
    }
}

struct image *open_image(const struct cli *cli, const char *what, const char *executable, int flags)
{
    return open_chosen_image(cli, what, executable, flags, NULL);
}

struct image *open_chosen_image(const struct cli *cli, const char *what, const char *executable,
    int flags, const struct image_choice *choice)
{
    struct stat information;
    bool is_file = stat(what, &information) == 0;
    int number = is_file ? 0 : errno;
    pid_t pid = parse_pid(what);
    // A file whose name is a number is meant if there is no such process.
    struct process_status status;
    if (pid != 0 && (!is_file || process_status(pid, &status))) {
        return open_process(cli, pid, flags, choice);
    }
    if (!is_file) {
        explain_missing(cli, what, number);
        return NULL;
    }
    if (S_ISDIR(information.st_mode)) {
        cli_error(cli, "%s is a folder: give a core file or a snapshot in it", what);
        return NULL;
    }
    if (capture_is_snapshot(what)) {
        return open_snapshot(cli, what);
    }
    return open_core(cli, what, executable, flags);
}
