// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/quarantine.h"

#include "crtdbg/section.h"
#include "os/os.h"

enum {
    QUEUE_COUNT = 8
};

struct queue {
    _Alignas(64) struct os_mutex mutex; // taken in sections only, so that fork finds it free
    uintptr_t first;                    // GUARDED_BY(mutex): oldest block's base; 0: none
    uintptr_t last;                     // GUARDED_BY(mutex)
    size_t size;                        // GUARDED_BY(mutex): bytes of its blocks
};

static struct {
    size_t queue_size; // bytes that a queue keeps; constant after quarantine_init()
    struct queue queues[QUEUE_COUNT];
} quarantine;

void quarantine_init(size_t size)
{
    quarantine.queue_size = size / QUEUE_COUNT;
}

bool quarantine_is_on(void)
{
    return quarantine.queue_size != 0;
}

static struct queue *own_queue(const struct section_slot *slot)
{
    uint32_t thread = atomic_load_explicit(&slot->thread_id, memory_order_relaxed);
    return &quarantine.queues[thread % QUEUE_COUNT];
}

static struct record *record_of_base(uintptr_t base, struct debug_block *block)
{
    return debug_block_of_base((void *)base, block) ? block->record : NULL;
}

static void push(struct queue *queue, const struct debug_block *block)
{
    uintptr_t base = (uintptr_t)block->base;
    block->record->inner_size = 0;
    struct debug_block last;
    struct record *record = queue->last == 0 ? NULL : record_of_base(queue->last, &last);
    if (record != NULL) {
        record->inner_size = base;
    } else {
        queue->first = base;
    }
    queue->last = base;
    queue->size += block->capacity;
}

static bool pop(struct queue *queue, struct debug_block *block)
{
    if (queue->size <= quarantine.queue_size || queue->first == 0) {
        return false;
    }
    const struct record *record = record_of_base(queue->first, block);
    if (record == NULL) {
        return false;
    }
    queue->first = record->inner_size;
    queue->last = queue->first == 0 ? 0 : queue->last;
    queue->size -= block->capacity;
    return true;
}

bool quarantine_put(const struct debug_block *block)
{
    struct section_slot *slot = section_enter();
    bool is_ended = debug_block_keep(slot, block, RECORD_QUARANTINED);
    if (is_ended) {
        struct queue *queue = own_queue(slot);
        os_mutex_lock(&queue->mutex);
        push(queue, block);
        os_mutex_unlock(&queue->mutex);
    }
    section_leave(slot);
    return is_ended;
}

bool quarantine_take(struct debug_block *block)
{
    struct section_slot *slot = section_enter();
    struct queue *queue = own_queue(slot);
    os_mutex_lock(&queue->mutex);
    bool is_taken = pop(queue, block);
    os_mutex_unlock(&queue->mutex);
    section_leave(slot);
    return is_taken;
}
