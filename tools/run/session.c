// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "run/session.h"

#include "cli/memory.h"
#include "image/image.h"
#include "leaks/leaks.h"
#include "record/channel.h"
#include "run/names.h"
#include "run/previews.h"
#include "target/open.h"
#include "target/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    INTERVAL_MS = 100,
    INTERVALS = 600, // of one length; then they become twice as long
    FRAMES_MAX = 64,
    MODULES_WAIT_MS = 100, // between two looks at the modules; twice as long after a vain one
    MODULES_WAIT_MAX_MS = 10000,
    MODULES_MAX = 4096,   // unloaded ones included
    ENOUGH_DRAINS = 1000, // of a process that has ended: its rings cannot hold more
};

static const uint64_t NS_PER_MS = 1000000;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t session_time(const struct session *session)
{
    uint64_t start = feed_started_ns(&session->feed);
    uint64_t now = now_ns();
    return feed_has_started(&session->feed) && start <= now ? now - start : 0;
}

// ---- Begin --------------------------------------------------------------------------------------

static uint64_t address_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return 0;
    }
    return limit.rlim_cur;
}

struct session *session_create(
    const struct run_options *options, pid_t process_id, bool is_root, const struct session *from)
{
    struct session *session = must_allocate(1, sizeof(*session));
    *session = (struct session){
        .options = options,
        .process_id = process_id,
        .is_root = is_root,
        .is_fork = from != NULL,
        .interval_ns = INTERVAL_MS * NS_PER_MS,
        .modules_wait = MODULES_WAIT_MS * NS_PER_MS,
        .end_descriptor = -1,
    };
    if (!feed_init(&session->feed, address_limit(), options->is_following)) {
        free(session);
        return NULL;
    }
    if (from != NULL) {
        feed_copy_stacks(&session->feed, &from->feed);
    }
    uint64_t interval = options->mode == RUN_SAMPLE ? options->interval : 0;
    counts_init(&session->counts, feed_stack_limit(&session->feed), interval);
    return session;
}

void session_destroy(struct session *session)
{
    if (session == NULL) {
        return;
    }
    if (session->writer != NULL) {
        capture_writer_close(session->writer, NULL);
    }
    if (session->end_descriptor >= 0) {
        close(session->end_descriptor);
    }
    image_destroy(session->image);
    image_destroy(session->modules);
    counts_release(&session->counts);
    feed_release(&session->feed);
    free(session->path);
    free(session->executable);
    free(session->trouble);
    free(session);
}

// ---- The capture --------------------------------------------------------------------------------

static uint32_t string_number(struct session *session, const char *text)
{
    return capture_writer_string(session->writer, text);
}

static void write_process(struct session *session)
{
    if (session->writer != NULL) {
        session->process.event_count = session->counts.event_count;
        session->process.lost_count = session->feed.odd_count;
        capture_write_process(session->writer, &session->process);
    }
}

static void describe_process(struct session *session)
{
    char host[256] = "";
    gethostname(host, sizeof(host) - 1);
    char *name = process_name(session->process_id);
    char *command = process_command_line(session->process_id);
    char *executable = process_link(session->process_id, "exe");
    session->process = (struct capture_process){
        .process_id = (uint32_t)session->process_id,
        .parent_id = (uint32_t)getpid(),
        .name = string_number(session, name),
        .command_line = string_number(session, command),
        .executable = string_number(session, executable),
        .host = string_number(session, host),
        .mode = string_number(session, run_mode_name(session->options->mode)),
        .tool_version = string_number(session, HALDE_VERSION),
        .sample_interval = session->counts.interval,
        .started_at = (uint64_t)time(NULL),
    };
    free(name);
    free(command);
    free(executable);
    write_process(session);
}

// When the process has begun to tell: before that its name is not its own yet.
static void open_capture(struct session *session)
{
    const struct run_options *options = session->options;
    if (!options->has_capture || session->has_tried_capture) {
        return;
    }
    session->has_tried_capture = true;
    char *program = process_name(session->process_id);
    bool is_known = strcmp(program, "?") != 0;
    session->path =
        capture_name(options->output, is_known ? program : options->words[0], session->process_id);
    free(program);
    char *error = NULL;
    session->writer = capture_writer_open(session->path, &error);
    if (session->writer == NULL) {
        cli_error(options->cli, "%s; only a report is made", error);
        free(error);
        free(session->path);
        session->path = NULL;
        return;
    }
    describe_process(session);
}

// What is known of the process's modules: an image, or NULL.
static const struct image *known(const struct session *session)
{
    return session->image != NULL ? session->image : session->modules;
}

static bool has_module_in(const struct image *image, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < image->module_count; i++) {
        if (image->modules[i].start < end && start < image->modules[i].end) {
            return true;
        }
    }
    return false;
}

// Modules that were unloaded since `before`: stacks that lead through them keep their names, unless
// another one lies there now.
static void keep_modules(struct image *image, const struct image *before)
{
    bool has_more = false;
    size_t count = before == NULL ? 0 : before->module_count;
    for (size_t i = 0; i < count && image->module_count < MODULES_MAX; i++) {
        struct image_module module = before->modules[i];
        if (!has_module_in(image, module.start, module.end)) {
            module.path = image_add_string(image, image_string(before, module.path));
            has_more |= image_add_module(image, &module);
        }
    }
    if (has_more) {
        image_sort(image);
    }
}

static void look_at_modules(struct session *session)
{
    uint64_t now = session_time(session);
    if (now < session->modules_due || session->image != NULL || session->has_ended) {
        return;
    }
    struct target_error error;
    struct image *image = image_create();
    struct target *target = target_open_process(session->process_id, &error);
    if (image == NULL || target == NULL || !target_fill_image(target, image)) {
        target_close(target);
        image_destroy(image);
        session->modules_due = UINT64_MAX;
        return;
    }
    size_t before = session->modules == NULL ? 0 : session->modules->module_count;
    keep_modules(image, session->modules);
    bool has_more = image->module_count != before;
    image_destroy(session->modules);
    session->modules = image;
    session->has_new_frames = false;
    uint64_t longest = MODULES_WAIT_MAX_MS * NS_PER_MS;
    session->modules_wait = has_more ? MODULES_WAIT_MS * NS_PER_MS : session->modules_wait * 2;
    session->modules_wait = session->modules_wait < longest ? session->modules_wait : longest;
    session->modules_due = now + session->modules_wait;
}

static void write_modules(struct session *session)
{
    const struct image *image = known(session);
    if (image == NULL || session->writer == NULL) {
        return;
    }
    struct image_module *modules = must_allocate(image->module_count + 1, sizeof(modules[0]));
    for (size_t i = 0; i < image->module_count; i++) {
        modules[i] = image->modules[i];
        modules[i].path = string_number(session, image_string(image, image->modules[i].path));
    }
    capture_write_modules(session->writer, modules, image->module_count);
    free(modules);
}

// The frames of a stack, and whether all are code of known modules.
static size_t read_frames(struct session *session, uint32_t stack, uint64_t *frames)
{
    size_t count = feed_stack(&session->feed, stack, frames, FRAMES_MAX);
    const struct image *image = known(session);
    for (size_t i = 0; i < count && !session->has_new_frames; i++) {
        session->has_new_frames = image == NULL || image_module_at(image, frames[i]) == NULL;
    }
    return count;
}

// Looks whether new stacks lie in modules that are not known yet; these are written first.
static void find_new_modules(struct session *session)
{
    struct counts *counts = &session->counts;
    uint64_t frames[FRAMES_MAX];
    for (size_t i = 0; i < counts->changed_count && !session->has_new_frames; i++) {
        const struct stack_count *item = &counts->items[counts->changed[i]];
        if (item->file_stack == 0) {
            read_frames(session, item->stack, frames);
        }
    }
    if (session->has_new_frames) {
        look_at_modules(session);
        write_modules(session);
    }
}

static struct capture_change *make_changes(struct session *session)
{
    struct counts *counts = &session->counts;
    struct capture_change *changes = must_allocate(counts->changed_count + 1, sizeof(changes[0]));
    uint64_t frames[FRAMES_MAX];
    for (size_t i = 0; i < counts->changed_count; i++) {
        struct stack_count *item = &counts->items[counts->changed[i]];
        if (item->file_stack == 0) {
            size_t count = read_frames(session, item->stack, frames);
            item->file_stack = capture_writer_stack(session->writer, frames, count);
        }
        changes[i] = (struct capture_change){
            .stack = item->file_stack,
            .allocated_count = item->now.allocated_count,
            .allocated_size = item->now.allocated_size,
            .freed_count = item->now.freed_count,
            .freed_size = item->now.freed_size,
            .temporary_count = item->now.temporary_count,
            .lifetime_ns = item->now.lifetime_ns,
        };
    }
    return changes;
}

static uint64_t positive(int64_t value)
{
    return value > 0 ? (uint64_t)value : 0;
}

static void write_interval(struct session *session, uint64_t end)
{
    const struct counts *counts = &session->counts;
    const struct capture_interval interval = {
        .start_ns = session->interval_start,
        .end_ns = end,
        .allocated_count = counts->now.allocated_count,
        .allocated_size = counts->now.allocated_size,
        .freed_count = counts->now.freed_count,
        .freed_size = counts->now.freed_size,
        .temporary_count = counts->now.temporary_count,
        .live_count = positive(counts->live_count),
        .live_size = positive(counts->live_size),
        .peak_size = positive(counts->interval_peak_size),
        .peak_ns = counts->interval_peak_ns,
        .resident_size = session->has_ended ? 0 : process_resident_bytes(session->process_id),
    };
    struct capture_change *changes = make_changes(session);
    capture_write_timeline(session->writer, &interval, changes, counts->changed_count);
    free(changes);
}

// A process that has become another program tells nothing more.
static bool has_replaced_itself(struct session *session)
{
    char *executable = process_link(session->process_id, "exe");
    bool is_other = executable != NULL && session->executable != NULL &&
                    strcmp(executable, session->executable) != 0;
    if (session->executable == NULL) {
        session->executable = executable;
    } else {
        free(executable);
    }
    if (!is_other && !feed_is_replacing(&session->feed)) {
        process_thread_name(session->process_id, session->process_id, session->kernel_name);
    }
    return is_other;
}

// Libc's ways to end all ask.  What does not ask has become another program, of which the preload
// object tells, or the kernel by another name; or it has called the kernel itself.
enum capture_end session_judge_end(const struct session *session, const char *last_name)
{
    if (session->image != NULL || session->trouble != NULL) {
        return CAPTURE_EXITED;
    }
    bool has_other_name = last_name[0] != '\0' && session->kernel_name[0] != '\0' &&
                          strcmp(last_name, session->kernel_name) != 0;
    return has_other_name || feed_is_replacing(&session->feed) ? CAPTURE_REPLACED
                                                               : CAPTURE_DETACHED;
}

static void end_interval(struct session *session)
{
    uint64_t now = session_time(session);
    find_new_modules(session);
    if (session->writer != NULL) {
        write_interval(session, now);
    }
    counts_end_interval(&session->counts);
    session->interval_start = now;
    if (++session->interval_count % INTERVALS == 0) {
        session->interval_ns *= 2;
    }
}

static void write_sizes(struct session *session)
{
    struct capture_size sizes[SIZE_GROUPS];
    size_t count = 0;
    for (size_t i = 0; i < SIZE_GROUPS; i++) {
        const struct size_count *group = &session->counts.sizes[i];
        if (group->allocated_count != 0 || group->freed_count != 0) {
            sizes[count++] = (struct capture_size){
                .size_min = size_group_min(i),
                .size_max = size_group_max(i),
                .allocated_count = group->allocated_count,
                .allocated_size = group->allocated_size,
                .freed_count = group->freed_count,
            };
        }
    }
    capture_write_sizes(session->writer, sizes, count);
}

// ---- The last image -----------------------------------------------------------------------------

static void set_trouble(struct session *session, const char *text)
{
    free(session->trouble);
    session->trouble = must_copy_text(text);
}

// Threads that have ended have a name still: reports show who had allocated.
static void add_ended_threads(struct session *session)
{
    struct image *image = session->image;
    size_t live_count = image->thread_count;
    for (size_t i = 0; i < session->feed.thread_count; i++) {
        const struct seen_thread *seen = &session->feed.threads[i];
        bool is_live = false;
        for (size_t j = 0; j < live_count && !is_live; j++) {
            is_live = image->threads[j].id == seen->id;
        }
        if (!is_live && seen->name[0] != '\0') {
            const struct image_thread thread = {
                .id = seen->id,
                .name = image_add_string(image, seen->name),
            };
            image_add_thread(image, &thread);
        }
    }
}

// Which kinds of blocks the report will show.
static unsigned shown_kinds(const struct session *session)
{
    unsigned kinds = session->options->leaks.kinds;
    kinds = kinds == 0 ? LEAK_KINDS_LEAKS : kinds;
    return session->is_classed ? kinds : kinds | 1U << REACH_NOT_SEARCHED;
}

// The process waits for us: it is read where it stands, and nothing is copied.
static void take_image(struct session *session)
{
    struct target_error error;
    image_destroy(session->image);
    session->is_classed = false;
    session->image = open_process_image(session->process_id, OPEN_CONTENTS | OPEN_HELD, &error);
    if (session->image == NULL) {
        set_trouble(session, error.text);
        return;
    }
    session->is_classed = leaks_classify(session->image);
    if (!session->is_classed) {
        set_trouble(session, leaks_trouble());
    }
    previews_keep(session->image, shown_kinds(session));
    keep_modules(session->image, session->modules);
    add_ended_threads(session);
}

static void answer(struct session *session)
{
    if (feed_question(&session->feed) == CHANNEL_UNLOAD) {
        uint64_t wait = session->modules_wait;
        session->modules_due = 0;
        look_at_modules(session);
        session->modules_wait = wait; // such looks say nothing about how often others are worth it
        feed_answer(&session->feed);
        return;
    }
    if (feed_question(&session->feed) == CHANNEL_START) {
        feed_answer(&session->feed); // session_tick() has looked at the modules
        return;
    }
    while (session_drain(session)) {
    }
    take_image(session);
    write_modules(session);
    end_interval(session); // while the process can still be asked
    feed_answer(&session->feed);
}

// ---- Course -------------------------------------------------------------------------------------

bool session_drain(struct session *session)
{
    session->counts.now_ns = session_time(session);
    return feed_drain(&session->feed, &session->counts);
}

void session_tick(struct session *session)
{
    if (!feed_has_started(&session->feed)) {
        return;
    }
    if (session->modules == NULL) {
        look_at_modules(session); // early: a process may be gone soon
    }
    if (session->executable == NULL) {
        has_replaced_itself(session); // notes what it is now
        open_capture(session);
        write_modules(session);
    }
    if (feed_question(&session->feed) != 0) {
        answer(session);
    }
    if (session_time(session) - session->interval_start >= session->interval_ns) {
        end_interval(session);
        if (has_replaced_itself(session)) {
            session_end(session, CAPTURE_REPLACED, 0);
        }
    }
}

static void close_capture(struct session *session)
{
    if (session->writer == NULL) {
        return;
    }
    write_sizes(session);
    if (session->image != NULL) {
        capture_write_image(session->writer, session->image, 0);
    }
    write_process(session);
    char *error = NULL;
    if (!capture_writer_close(session->writer, &error)) {
        cli_error(session->options->cli, "%s", error);
        free(error);
    }
    session->writer = NULL;
}

void session_end(struct session *session, enum capture_end end, uint32_t status)
{
    if (session->has_ended) {
        return;
    }
    for (unsigned i = 0; i < ENOUGH_DRAINS && session_drain(session); i++) {
    }
    session->has_ended = true;
    feed_say_goodbye(&session->feed);
    if (!feed_has_started(&session->feed)) {
        return;
    }
    open_capture(session);
    session->process.end = end;
    session->process.status = status;
    session->process.ended_ns = session_time(session);
    end_interval(session);
    close_capture(session);
}
