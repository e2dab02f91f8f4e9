// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/report_buffer.h"

#include "base/bits.h"
#include "crtdbg/report_busy.h"
#include "os/os.h"
#include "os/process.h"

enum {
    STATIC_COUNT = 2
};

static struct report_buffer static_buffers[STATIC_COUNT];
static THREAD_LOCAL struct report_buffer *current; // newest of this thread
static _Atomic(uint64_t) next_number = 1;          // any thread, relaxed

struct report_buffer *report_buffer_current(void)
{
    return current;
}

static struct report_buffer *take_static(void)
{
    for (size_t i = 0; i < STATIC_COUNT; i++) {
        bool expected = false;
        if (atomic_compare_exchange_strong_explicit(&static_buffers[i].is_taken, &expected, true,
                memory_order_acquire, memory_order_relaxed)) {
            return &static_buffers[i];
        }
    }
    return NULL;
}

static size_t mapped_size(void)
{
    return bits_round_up(sizeof(struct report_buffer), os_page_size());
}

static struct report_buffer *map(void)
{
    struct report_buffer *buffer = os_reserve(mapped_size());
    if (buffer == NULL) {
        return NULL;
    }
    if (os_commit(buffer, mapped_size(), false) != 0) {
        os_unreserve(buffer, mapped_size());
        return NULL;
    }
    buffer->is_mapped = true;
    return buffer;
}

// The stack grows downwards, so a report that is under way began above us.  Another stack (of a
// coroutine or a signal) may lie anywhere, or be gone: the mark is copied by the system.
static bool is_abandoned(const struct report_buffer *buffer, uintptr_t here)
{
    uint64_t words[REPORT_MARK_WORDS];
    if ((uintptr_t)buffer->mark <= here ||
        os_copy_memory(words, (const void *)buffer->mark, sizeof(words)) < sizeof(words)) {
        return true;
    }
    for (size_t i = 0; i < REPORT_MARK_WORDS; i++) {
        if (words[i] != buffer->number) {
            return true;
        }
    }
    return false;
}

void report_buffer_drop_abandoned(uintptr_t here)
{
    while (current != NULL && is_abandoned(current, here)) {
        report_buffer_release(current);
    }
}

struct report_buffer *report_buffer_take(struct report_mark *mark)
{
    struct report_buffer *buffer = take_static();
    if (buffer == NULL) {
        buffer = map();
    }
    if (buffer == NULL) {
        return NULL;
    }
    buffer->narrow[0] = '\0';
    buffer->wide[0] = L'\0';
    buffer->number = atomic_fetch_add_explicit(&next_number, 1, memory_order_relaxed);
    buffer->mark = mark;
    for (size_t i = 0; i < REPORT_MARK_WORDS; i++) {
        mark->words[i] = buffer->number;
    }
    buffer->is_assertion = false;
    buffer->is_busy_counted = false;
    buffer->outer = current;
    current = buffer;
    return buffer;
}

static void give_back(struct report_buffer *buffer)
{
    if (buffer->is_busy_counted) {
        report_busy_end();
    }
    if (buffer->is_mapped) {
        os_unreserve(buffer, mapped_size());
        return;
    }
    atomic_store_explicit(&buffer->is_taken, false, memory_order_release);
}

void report_buffer_release(struct report_buffer *buffer)
{
    // Newer ones belong to reports within this one that ended without saying so.
    const struct report_buffer *released;
    do {
        struct report_buffer *newest = current;
        released = newest;
        current = newest->outer;
        give_back(newest);
    } while (released != buffer);
}
