// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// halde ps: which processes carry a Halde heap. None is stopped for it.

#include "cli/cli.h"
#include "cli/memory.h"
#include "image/image.h"
#include "target/open.h"
#include "target/process.h"
#include "target/scan.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_option options[] = {
    {NULL, 0, NULL, NULL},
};

static const struct cli_example examples[] = {
    {"halde ps", "all processes with a Halde heap, and what they hold"},
    {"sudo halde ps", "those of other users, too"},
    {"halde ps --json | jq -r '.processes[].pid'", "their ids, for a script"},
    {NULL, NULL},
};

struct process {
    pid_t pid;
    char *name;
    char *command_line;
    char *trouble; // NULL: the heaps could be read
    char *mode;
    char *version;
    bool is_static;
    uint64_t heap_count;
    uint64_t live_count;
    uint64_t live_size;
    uint64_t committed_size;
    uint64_t resident_size;
};

struct list {
    struct process *items;
    size_t count;
    size_t capacity;
    size_t hidden_count; // processes that may not even be asked
};

// ---- Gathering ----------------------------------------------------------------------------------

static void take_heaps(struct process *process, const struct image *image)
{
    process->heap_count = image->heap_count;
    process->mode = must_copy_text(image_string(image, image->mode));
    process->version = must_copy_text(image_string(image, image->library_version));
    for (size_t i = 0; i < image->heap_count; i++) {
        process->live_count += image->heaps[i].busy_count;
        process->live_size += image->heaps[i].busy_size;
        process->committed_size += image->heaps[i].committed_size;
    }
}

static void take_process(struct list *list, pid_t pid, bool is_static)
{
    struct target_error error = {.trouble = TARGET_NO_TROUBLE};
    struct image *image = open_process_image(pid, OPEN_RUNNING | OPEN_SUMS, &error);
    if (image == NULL && (error.trouble == TARGET_NO_PROCESS || error.trouble == TARGET_ENDED)) {
        return;
    }
    list->items = must_grow(list->items, list->count, &list->capacity, sizeof(*list->items));
    struct process *process = &list->items[list->count++];
    *process = (struct process){
        .pid = pid,
        .name = process_name(pid),
        .command_line = process_command_line(pid),
        .resident_size = process_resident_bytes(pid),
        .is_static = is_static,
    };
    if (image != NULL) {
        take_heaps(process, image);
        image_destroy(image);
    } else {
        process->trouble = must_copy_text(error.text);
    }
}

// False: there are no processes at all, not even this one.
static bool gather(struct list *list)
{
    size_t count;
    pid_t *ids = scan_processes(&count);
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == getpid()) {
            continue;
        }
        enum scan_answer answer = scan_process(ids[i]);
        if (answer == SCAN_HIDDEN) {
            list->hidden_count++;
        } else if (answer != SCAN_NO) {
            take_process(list, ids[i], answer == SCAN_STATIC);
        }
    }
    free(ids);
    return count > 0;
}

static void release(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].command_line);
        free(list->items[i].trouble);
        free(list->items[i].mode);
        free(list->items[i].version);
    }
    free(list->items);
}

// Of what is committed, the part that no live block uses.
static double fragmentation(const struct process *process)
{
    return process->committed_size > process->live_size
               ? 1.0 - (double)process->live_size / (double)process->committed_size
               : 0.0;
}

// ---- Telling ------------------------------------------------------------------------------------

static int print_json(const struct list *list)
{
    struct json *json = json_begin(stdout);
    json_open_object(json);
    json_put_text(json, "schema", "halde.ps/1");
    json_key(json, "processes");
    json_open_array(json);
    for (size_t i = 0; i < list->count; i++) {
        const struct process *process = &list->items[i];
        json_open_object(json);
        json_put_number(json, "pid", (uint64_t)process->pid);
        json_put_text(json, "name", process->name);
        json_put_text(json, "command_line", process->command_line);
        json_put_number(json, "resident_bytes", process->resident_size);
        json_put_flag(json, "is_linked_in", process->is_static);
        json_put_flag(json, "is_readable", process->trouble == NULL);
        if (process->trouble != NULL) {
            json_put_text(json, "trouble", process->trouble);
        } else {
            json_put_text(json, "version", process->version);
            json_put_text(json, "mode", process->mode);
            json_put_number(json, "heaps", process->heap_count);
            json_put_number(json, "live_blocks", process->live_count);
            json_put_number(json, "live_bytes", process->live_size);
            json_put_number(json, "committed_bytes", process->committed_size);
            json_put_real(json, "fragmentation", fragmentation(process));
        }
        json_close_object(json);
    }
    json_close_array(json);
    json_put_number(json, "hidden_processes", list->hidden_count);
    json_close_object(json);
    return json_end(json) ? EXIT_CLEAN : EXIT_TROUBLE;
}

static void add_row(struct table *table, const struct process *process)
{
    char size[16];
    table_add_cell(table, "%d", (int)process->pid);
    if (process->trouble != NULL) {
        table_add_cell(table, "?");
        table_add_cell(table, "?");
    } else {
        table_add_cell(table, "%llu", (unsigned long long)process->heap_count);
        table_add_cell(table, "%s", cli_format_size(process->live_size, size));
    }
    table_add_cell(table, "%s", cli_format_size(process->resident_size, size));
    if (process->trouble != NULL) {
        table_add_cell(table, "?");
        table_add_cell(table, "?");
    } else {
        table_add_cell(table, "%.0f%%", 100.0 * fragmentation(process));
        table_add_cell(table, "%s", process->mode);
    }
    table_add_cell(table, "%s", process->name);
}

static void print_table(const struct cli *cli, const struct list *list)
{
    struct table *table = table_create();
    table_add_column(table, "PID", TABLE_RIGHT);
    table_add_column(table, "HEAPS", TABLE_RIGHT);
    table_add_column(table, "LIVE", TABLE_RIGHT);
    table_add_column(table, "RSS", TABLE_RIGHT);
    table_add_column(table, "FRAG", TABLE_RIGHT);
    table_add_column(table, "MODE", TABLE_LEFT);
    table_add_column(table, "NAME", TABLE_LEFT);
    for (size_t i = 0; i < list->count; i++) {
        add_row(table, &list->items[i]);
    }
    table_print(table, cli, stdout);
}

static void print_notes(const struct cli *cli, const struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].trouble != NULL) {
            cli_note(cli, "%s", list->items[i].trouble);
        }
    }
    if (list->hidden_count > 0) {
        cli_note(cli,
            "%zu process%s could not be asked whether %s a Halde heap; for those of other users: "
            "sudo halde ps",
            list->hidden_count, list->hidden_count == 1 ? "" : "es",
            list->hidden_count == 1 ? "it carries" : "they carry");
    }
}

static int run(const struct cli *cli)
{
    if (!cli_expect_arguments(cli, 0, 0)) {
        return EXIT_TROUBLE;
    }
    struct list list = {0};
    if (!gather(&list)) {
        cli_error(
            cli, "no process can be seen: /proc is not mounted here, or is not that of Linux");
        return EXIT_TROUBLE;
    }
    int code = EXIT_CLEAN;
    if (cli->is_json) {
        code = print_json(&list);
    } else if (list.count > 0) {
        print_table(cli, &list);
    } else {
        cli_note(
            cli, "no process carries a Halde heap; `halde run -- PROGRAM` starts one that does");
    }
    print_notes(cli, &list);
    release(&list);
    return code;
}

extern const struct verb verb_ps;
const struct verb verb_ps = {
    .name = "ps",
    .arguments = "",
    .summary = "List the processes that carry a Halde heap",
    .description =
        "Looks through all processes for a Halde library, loaded or linked in, and reads what each "
        "one's heaps hold. No process is stopped for this, so the numbers of busy ones may be off "
        "by "
        "what they were just doing; `halde heaps PID` is exact.\n\n"
        "HEAPS is how many heaps there are, LIVE the bytes of all blocks that the program holds, "
        "RSS "
        "the memory of the whole process, FRAG the part of the heaps' committed memory that no "
        "live "
        "block uses, and MODE what the library records: off, sample, exact or crt.\n\n"
        "A process that carries a heap but may not be read is listed with \"?\", and the reason is "
        "told below the table.",
    .options = options,
    .examples = examples,
    .exit_codes = "0: the processes were listed, also if there is none. 2: that was not possible.",
    .has_json = true,
    .run = run,
};
