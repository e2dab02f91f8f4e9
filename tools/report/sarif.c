// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// SARIF 2.1.0: a rule for each kind of leak, a result for each site, with its stack.  The
/// fingerprint is the site's hash, so that an alert stays the same alert when lines move.  One log
/// has one run, whatever number of processes it tells about: services that take logs in refuse two
/// runs of one tool.
#include "cli/memory.h"
#include "report/internal.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct sarif_log {
    struct json *json;
    char **notes; ///< what could not be told about a process
    size_t note_count;
    size_t note_capacity;
};

struct rule {
    uint32_t class_;
    const char *id;
    const char *name;
    const char *level;
    const char *summary;
    const char *help;
};

static const struct rule rules[] = {
    {REACH_DEFINITE, "leak/definite", "DefiniteLeak", "error",
        "Memory that no pointer leads to any more.",
        "The last pointer to the memory was overwritten or went out of scope before the memory was "
        "freed. Free it where its owner ends."},
    {REACH_INDIRECT, "leak/indirect", "IndirectLeak", "note",
        "Memory that only leaked memory leads to.",
        "It goes when the block goes that leads to it: look at the definite leaks first."},
    {REACH_POSSIBLE, "leak/possible", "PossibleLeak", "warning",
        "Memory that only pointers to its inside lead to.",
        "Either such a pointer is how the program holds on to the memory, or it is there by chance "
        "and the memory is lost."},
    {REACH_REACHABLE, "leak/reachable", "StillReachable", "note",
        "Memory that was not freed but can be reached.",
        "Often kept on purpose until the end; growing amounts are a leak all the same."},
    {REACH_NOT_SEARCHED, "leak/in-use", "InUse", "note", "Memory that is in use.",
        "Whether something leads to it was not found out."},
};

enum {
    RULE_COUNT = sizeof(rules) / sizeof(rules[0]),
};

static size_t rule_of(uint32_t class_)
{
    size_t i = 0;
    while (i + 1 < RULE_COUNT && rules[i].class_ != class_) {
        i++;
    }
    return i;
}

static void put_message(struct json *json, const char *key, const char *text)
{
    json_key(json, key);
    json_open_object(json);
    json_put_text(json, "text", text);
    json_close_object(json);
}

static void put_rule(struct json *json, const struct rule *rule)
{
    json_open_object(json);
    json_put_text(json, "id", rule->id);
    json_put_text(json, "name", rule->name);
    put_message(json, "shortDescription", rule->summary);
    put_message(json, "fullDescription", rule->summary);
    put_message(json, "help", rule->help);
    json_key(json, "defaultConfiguration");
    json_open_object(json);
    json_put_text(json, "level", rule->level);
    json_close_object(json);
    json_close_object(json);
}

static void put_tool(struct json *json)
{
    json_key(json, "tool");
    json_open_object(json);
    json_key(json, "driver");
    json_open_object(json);
    json_put_text(json, "name", "halde");
    json_put_text(json, "version", HALDE_VERSION);
    json_key(json, "rules");
    json_open_array(json);
    for (size_t i = 0; i < RULE_COUNT; i++) {
        put_rule(json, &rules[i]);
    }
    json_close_array(json);
    json_close_object(json);
    json_close_object(json);
}

/// A path as a reference: absolute ones as file:///..., the rest relative to the source. To be
/// freed.
static char *make_uri(const char *path)
{
    static const char scheme[] = "file://";
    char *uri = must_allocate(3 * strlen(path) + sizeof(scheme), 1);
    size_t used = 0;
    if (path[0] == '/') {
        memcpy(uri, scheme, sizeof(scheme) - 1);
        used = sizeof(scheme) - 1;
    }
    for (const char *at = path; *at != 0; at++) {
        bool is_plain = isalnum((unsigned char)*at) || strchr("/-._~+,@=!$&'()*;", *at) != NULL;
        if (is_plain) {
            uri[used++] = *at;
        } else {
            snprintf(uri + used, 4, "%%%02X", (unsigned char)*at);
            used += 3;
        }
    }
    uri[used] = 0;
    return uri;
}

static void put_physical(struct json *json, const char *path, int line)
{
    char *uri = make_uri(path);
    json_key(json, "physicalLocation");
    json_open_object(json);
    json_key(json, "artifactLocation");
    json_open_object(json);
    json_put_text(json, "uri", uri);
    if (path[0] != '/') {
        json_put_text(json, "uriBaseId", "SRCROOT");
    }
    json_close_object(json);
    if (line > 0) {
        json_key(json, "region");
        json_open_object(json);
        json_put_signed(json, "startLine", line);
        json_close_object(json);
    }
    json_close_object(json);
    free(uri);
}

static void put_logical(struct json *json, const char *function)
{
    json_key(json, "logicalLocations");
    json_open_array(json);
    json_open_object(json);
    json_put_text(json, "fullyQualifiedName", function);
    json_put_text(json, "kind", "function");
    json_close_object(json);
    json_close_array(json);
}

/// A location: source file and line, or the module, and the function.
static void put_location(struct json *json, const struct leak_report *report, const char *file,
    int line, const struct symbol_frame *frame)
{
    json_open_object(json);
    if (file == NULL && frame != NULL) {
        file = report->options.has_full_paths ? frame->file : frame->short_file;
        line = frame->line;
    }
    if (file != NULL && file[0] != 0) {
        put_physical(json, file, line);
    } else if (frame != NULL && frame->module[0] == '/') {
        put_physical(json, frame->module, 0);
    }
    if (frame != NULL) {
        char name[4096];
        put_logical(json, symbols_name(frame, name, sizeof(name)));
    }
    json_close_object(json);
}

static void put_locations(
    struct json *json, const struct leak_report *report, const struct leak *leak)
{
    const char *file = NULL;
    int line = 0;
    report_source(report, leak, &file, &line);
    const struct symbol_frame *frame = symbols_site(report->symbols, leak->site.stack);
    json_key(json, "locations");
    json_open_array(json);
    if (file[0] != 0 || frame != NULL) {
        put_location(json, report, file, line, frame);
    }
    json_close_array(json);
}

/// Other lines that the site's blocks come from.
static void put_related(
    struct json *json, const struct leak_report *report, const struct leak *leak)
{
    size_t next = 0;
    struct leak_line line;
    bool has_some = false;
    while (report_other_line(report, leak, &next, &line)) {
        if (!has_some) {
            json_key(json, "relatedLocations");
            json_open_array(json);
            has_some = true;
        }
        json_open_object(json);
        put_physical(json, line.file, line.line);
        put_message(json, "message", "Others of these blocks were allocated here.");
        json_close_object(json);
    }
    if (has_some) {
        json_close_array(json);
    }
}

static void put_stacks(struct json *json, const struct leak_report *report, const struct leak *leak)
{
    const struct symbol_stack *stack = symbols_stack(report->symbols, leak->site.stack);
    if (stack->count == 0) {
        return;
    }
    size_t first = 0;
    size_t end = 0;
    report_frames(report, stack, &first, &end);
    json_key(json, "stacks");
    json_open_array(json);
    json_open_object(json);
    put_message(json, "message", "Allocated here.");
    json_key(json, "frames");
    json_open_array(json);
    for (size_t i = first; i < end; i++) {
        json_open_object(json);
        json_key(json, "location");
        put_location(json, report, NULL, 0, stack->frames[i]);
        json_put_text(json, "module", stack->frames[i]->module_name);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
    json_close_array(json);
}

static char *make_message(const struct leak_report *report, const struct leak *leak)
{
    const struct site *site = &leak->site;
    const struct symbol_frame *frame = symbols_site(report->symbols, site->stack);
    char bytes[24];
    char below_bytes[24];
    char name[1024] = "";
    char *below = leak->below.count > 0 ? must_format(", and with it %s in %" PRIu64 " block%s",
                                              report_bytes(leak->below.bytes, below_bytes),
                                              leak->below.count, leak->below.count == 1 ? "" : "s")
                                        : must_copy_text("");
    bool is_lost = site->worst_class >= REACH_POSSIBLE;
    char *message =
        must_format("%s%s: %s in %" PRIu64 " block%s%s%s%s.", leak_kind_name(site->worst_class),
            is_lost ? " leak" : "", report_bytes(report_amount(leak), bytes), site->sum.count,
            site->sum.count == 1 ? "" : "s", below, frame != NULL ? ", allocated by " : "",
            frame != NULL ? report_function(frame, name, sizeof(name)) : "");
    free(below);
    message[0] = (char)toupper((unsigned char)message[0]);
    return message;
}

static void put_result(struct json *json, const struct leak_report *report, const struct leak *leak)
{
    const struct site *site = &leak->site;
    const struct rule *rule = &rules[rule_of(site->worst_class)];
    char hash[SITE_HASH_SIZE];
    char *message = make_message(report, leak);
    json_open_object(json);
    json_put_text(json, "ruleId", rule->id);
    json_put_number(json, "ruleIndex", (uint64_t)(rule - rules));
    json_put_text(json, "level", rule->level);
    put_message(json, "message", message);
    put_locations(json, report, leak);
    put_related(json, report, leak);
    put_stacks(json, report, leak);
    json_key(json, "partialFingerprints");
    json_open_object(json);
    json_put_text(
        json, "haldeSite/v1", site_format_hash(site->full_hash, SITE_HASH_SIZE - 1, hash));
    json_close_object(json);
    json_key(json, "properties");
    json_open_object(json);
    json_put_number(json, "blocks", site->sum.count);
    json_put_number(json, "bytes", report_amount(leak));
    json_put_number(json, "bytesBelow", leak->below.bytes);
    json_put_text(json, "process", image_string(report->image, report->image->name));
    json_close_object(json);
    json_close_object(json);
    free(message);
}

static void put_base(struct json *json)
{
    json_key(json, "originalUriBaseIds");
    json_open_object(json);
    json_key(json, "SRCROOT");
    json_open_object(json);
    put_message(json, "description", "Where the program was compiled.");
    json_close_object(json);
    json_close_object(json);
}

/// What kept the tool from looking at all of it.
static void put_invocations(const struct sarif_log *log)
{
    struct json *json = log->json;
    json_key(json, "invocations");
    json_open_array(json);
    json_open_object(json);
    json_put_flag(json, "executionSuccessful", log->note_count == 0);
    if (log->note_count > 0) {
        json_key(json, "toolExecutionNotifications");
        json_open_array(json);
        for (size_t i = 0; i < log->note_count; i++) {
            json_open_object(json);
            json_put_text(json, "level", "error");
            put_message(json, "message", log->notes[i]);
            json_close_object(json);
        }
        json_close_array(json);
    }
    json_close_object(json);
    json_close_array(json);
}

struct sarif_log *sarif_log_begin(FILE *stream)
{
    struct sarif_log *log = must_allocate(1, sizeof(*log));
    struct json *json = json_begin(stream);
    *log = (struct sarif_log){.json = json};
    json_open_object(json);
    json_put_text(json, "$schema",
        "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json");
    json_put_text(json, "version", "2.1.0");
    json_key(json, "runs");
    json_open_array(json);
    json_open_object(json);
    put_tool(json);
    put_base(json);
    json_key(json, "results");
    json_open_array(json);
    return log;
}

void sarif_log_add(struct sarif_log *log, const struct leak_report *report)
{
    size_t top = report_top(report, false);
    for (size_t i = 0; i < top; i++) {
        put_result(log->json, report, &report->leaks[i]);
    }
}

void sarif_log_note(struct sarif_log *log, const char *text)
{
    log->notes = must_grow(log->notes, log->note_count, &log->note_capacity, sizeof(log->notes[0]));
    log->notes[log->note_count++] = must_copy_text(text);
}

bool sarif_log_end(struct sarif_log *log)
{
    struct json *json = log->json;
    json_close_array(json);
    put_invocations(log);
    json_put_text(json, "columnKind", "utf16CodeUnits");
    json_close_object(json);
    json_close_array(json);
    json_close_object(json);
    bool is_written = json_end(json);
    for (size_t i = 0; i < log->note_count; i++) {
        free(log->notes[i]);
    }
    free(log->notes);
    free(log);
    return is_written;
}

bool report_print_sarif(const struct leak_report *report, FILE *stream)
{
    struct sarif_log *log = sarif_log_begin(stream);
    sarif_log_add(log, report);
    return sarif_log_end(log);
}
