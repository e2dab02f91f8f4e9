// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Stopping a target until nobody is inside its allocator, and keeping what it holds then.

#include "cli/memory.h"
#include "target/internal.h"
#include "target/process.h"
#include "target/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BRIEF_RUN_US = 100,   // everybody
    SELECTED_RUN_US = 30, // those inside the allocator
    BATCH_MAX = 64,       // of them at once
    ROUNDS = 8,           // one in so many lets a full batch go on
};

// ---- Stopping -----------------------------------------------------------------------------------

static void forget_stop(struct target *target)
{
    free(target->stopped_maps);
    target->stopped_maps = NULL;
}

// The mappings as they are while it stands still.
void target_note_mappings(struct target *target)
{
    if (target->core == NULL && target->stop.is_stopped && target->stopped_maps == NULL) {
        target->stopped_maps = process_read(target->reached, "maps", NULL);
    }
}

void target_use_noted_mappings(struct target *target)
{
    if (target->stopped_maps != NULL && *target->stopped_maps != 0) {
        target_take_mappings(target, target->stopped_maps);
        target->stopped_maps = NULL;
    }
}

static void count_threads(struct target *target)
{
    target->thread_count = 0;
    for (size_t i = 0; i < target->stop.count; i++) {
        target->thread_count += target->stop.threads[i].state != STOP_GONE;
    }
}

// What follows every stop.
static void look_around(struct target *target)
{
    forget_stop(target);
    count_threads(target);
    if (target->is_call_refused) {
        target_note_mappings(target); // they say what may be read
        target_use_noted_mappings(target);
    }
}

bool target_stop(struct target *target, struct target_error *error)
{
    if (target->core != NULL) {
        return true;
    }
    if (!stop_all(&target->stop, error)) {
        return false;
    }
    look_around(target);
    return true;
}

static bool run_briefly(struct stop *stop, void *context)
{
    (void)context;
    return stop_again(stop, BRIEF_RUN_US);
}

bool target_resume_briefly(struct target *target, struct target_error *error)
{
    if (target->core != NULL) {
        return true;
    }
    if (!target->stop.is_stopped) {
        return target_stop(target, error);
    }
    if (!stop_do(&target->stop, run_briefly, NULL, error)) {
        return false;
    }
    look_around(target);
    return true;
}

void target_continue(struct target *target)
{
    if (target->core == NULL) {
        stop_end(&target->stop);
    }
}

bool target_is_stopped(const struct target *target)
{
    return target->core != NULL || target->stop.is_stopped;
}

uint64_t target_pause_ns(const struct target *target)
{
    return target->core != NULL ? 0 : stop_pause_ns(&target->stop);
}

size_t target_thread_count(const struct target *target)
{
    return target->thread_count;
}

// The search for a moment at which nobody is inside. It runs in the thread that traces.
struct quest {
    const struct target_question *question;
    uint64_t deadline;
    bool is_quiet; // the answer
    pid_t *inside; // threads inside of the allocator, in the order in which they get to go on
    size_t inside_count;
    size_t batch;    // threads that go on at once
    unsigned rounds; // so far
};

static bool is_inside(const struct quest *quest, const struct stop_thread *thread)
{
    const struct target_question *question = quest->question;
    return thread->has_registers && thread->state != STOP_GONE &&
           question->is_inside(question->context, thread->thread_pointer);
}

static void find_inside(const struct stop *stop, struct quest *quest)
{
    quest->inside = must_resize(quest->inside, stop->count, sizeof(*quest->inside));
    quest->inside_count = 0;
    for (size_t i = 0; i < stop->count; i++) {
        if (is_inside(quest, &stop->threads[i])) {
            quest->inside[quest->inside_count++] = stop->threads[i].id;
        }
    }
}

// Lets the first of them go on for a moment.  Who is still inside then comes last.  Some may wait
// for what another one holds, so now and then more of them go on.
static bool run_some(struct stop *stop, struct quest *quest)
{
    pid_t ran[BATCH_MAX];
    size_t most = ++quest->rounds % ROUNDS == 0 ? BATCH_MAX : quest->batch;
    size_t count = quest->inside_count < most ? quest->inside_count : most;
    memcpy(ran, quest->inside, count * sizeof(ran[0]));
    memmove(quest->inside, quest->inside + count, (quest->inside_count - count) * sizeof(ran[0]));
    quest->inside_count -= count;
    if (!stop_some_again(stop, ran, count, SELECTED_RUN_US)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct stop_thread *thread = stop_find(stop, ran[i]);
        if (thread != NULL && is_inside(quest, thread)) {
            quest->inside[quest->inside_count++] = ran[i];
        }
    }
    return true;
}

static bool has_time(const struct quest *quest)
{
    return stop_clock_ns() < quest->deadline;
}

static bool ask(struct quest *quest)
{
    quest->is_quiet = quest->question->is_quiet(quest->question->context);
    return quest->is_quiet;
}

// Lets those go on who are inside, until nobody is, or time is up.
static bool drain(struct stop *stop, struct quest *quest)
{
    find_inside(stop, quest);
    while (quest->inside_count > 0 && has_time(quest)) {
        if (!run_some(stop, quest)) {
            return false;
        }
    }
    return stop_again(stop, 0); // threads that they have made
}

static bool search(struct stop *stop, void *context)
{
    struct quest *quest = context;
    while (!ask(quest) && has_time(quest)) {
        if (quest->question->is_inside != NULL) {
            if (!drain(stop, quest)) {
                return false;
            }
            if (quest->inside_count > 0 || ask(quest)) {
                continue;
            }
        }
        // Nobody can be named: somebody holds a mutex, but is in no heap.
        if (!stop_again(stop, BRIEF_RUN_US)) {
            return false;
        }
    }
    return true;
}

// More than there are processors: stopping costs more than the moment for which they run.
static size_t batch_size(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 4 : processors > BATCH_MAX / 4 ? BATCH_MAX : 4 * (size_t)processors;
}

void target_set_patience(struct target *target, uint64_t patience_ns)
{
    target->patience_ns = patience_ns;
}

enum target_stop_result target_stop_quietly(
    struct target *target, const struct target_question *question, struct target_error *error)
{
    if (!target_stop(target, error)) {
        return TARGET_STOP_FAILED;
    }
    struct quest quest = {
        .question = question,
        .deadline = stop_clock_ns() + target->patience_ns,
        .batch = batch_size(),
    };
    bool is_good = true;
    if (target->core != NULL) {
        ask(&quest);
    } else {
        is_good = stop_do(&target->stop, search, &quest, error);
    }
    free(quest.inside);
    if (!is_good) {
        return TARGET_STOP_FAILED;
    }
    look_around(target);
    return quest.is_quiet ? TARGET_STOP_QUIET : TARGET_STOP_NOISY;
}

// ---- Keeping contents ---------------------------------------------------------------------------

static uint64_t available_memory(void)
{
    char line[128];
    unsigned long long kib = 0;
    FILE *file = fopen("/proc/meminfo", "re");
    while (file != NULL && kib == 0 && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "MemAvailable:", 13) == 0) {
            kib = strtoull(line + 13, NULL, 10);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return kib * 1024;
}

bool target_prepare_contents(struct target *target, uint64_t size, uint64_t limit)
{
    if (target->core != NULL) {
        return true;
    }
    uint64_t most = process_anonymous_bytes(target->reached);
    size = size < most ? size : most;
    limit = limit != 0 ? limit : available_memory() / 2;
    if (target->copy == NULL && size <= limit) {
        target->copy = copy_create(size);
    }
    return target->copy != NULL;
}

bool target_keep_contents(
    struct target *target, const struct view_range *ranges, size_t range_count, uint64_t limit)
{
    static const struct view_range EVERYTHING = {0, UINT64_MAX};
    if (target->core != NULL) {
        return true;
    }
    limit = limit != 0 ? limit : available_memory() / 2;
    if (!target->stop.is_stopped || !target_prepare_contents(target, UINT64_MAX, limit)) {
        return false;
    }
    target_note_mappings(target);
    target_use_noted_mappings(target);
    target->has_copy = false;
    const struct copy_order order = {
        .pid = target->reached,
        .mappings = target->mappings,
        .mapping_count = target->mapping_count,
        .ranges = ranges != NULL ? ranges : &EVERYTHING,
        .range_count = ranges != NULL ? range_count : 1,
        .limit = limit,
        .read = target_read_all,
        .context = target,
    };
    target->has_copy = copy_take(target->copy, &order);
    target->read_size += target->has_copy ? copy_size(target->copy) : 0;
    return target->has_copy;
}
