// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Messages on their way through queues: every thread has an inbox under a mutex.  A message is
 * taken by one thread, copied by the next into one of another size, and so on; the last gives it
 * back.
 */
#include "work.h"

#include <sched.h>
#include <stdatomic.h>

enum {
    HOPS = 4,
    BATCH = 64,
    INBOX = 1000,
    MAX_THREADS = 64,
};

struct message {
    struct message *next;
    uint32_t hops;
    uint32_t size;
    char text[];
};

struct inbox {
    _Alignas(128) pthread_mutex_t lock;
    struct message *first;   // under the lock
    _Atomic(uint32_t) count; // written under the lock (relaxed); read by the sender, as a hint
    _Atomic(bool) is_closed; // the owner stores, the sender reads (relaxed)
};

static struct inbox inboxes[MAX_THREADS];

static struct message *make(struct member *member, uint32_t hops)
{
    size_t size = sizeof(struct message) + bench_random_size(&member->random, member->options);
    struct message *message = malloc(size);
    if (message == NULL) {
        bench_fail("out of memory");
    }
    *message = (struct message){.hops = hops, .size = (uint32_t)(size - sizeof(*message))};
    memset(message->text, 'm', message->size);
    return message;
}

static void send(struct member *member, struct message *message)
{
    struct inbox *inbox = &inboxes[(member->index + 1) % member->options->thread_count];
    if (atomic_load_explicit(&inbox->is_closed, memory_order_relaxed)) {
        free(message);
        return;
    }
    pthread_mutex_lock(&inbox->lock);
    message->next = inbox->first;
    inbox->first = message;
    atomic_fetch_add_explicit(&inbox->count, 1, memory_order_relaxed);
    pthread_mutex_unlock(&inbox->lock);
}

static struct message *receive(struct member *member)
{
    struct inbox *inbox = &inboxes[member->index];
    pthread_mutex_lock(&inbox->lock);
    struct message *messages = inbox->first;
    inbox->first = NULL;
    atomic_store_explicit(&inbox->count, 0, memory_order_relaxed);
    pthread_mutex_unlock(&inbox->lock);
    return messages;
}

static void pass_on(struct member *member, struct message *message)
{
    while (message != NULL) {
        struct message *next = message->next;
        if (message->hops > 0) {
            struct message *copy = make(member, message->hops - 1);
            uint32_t common = copy->size < message->size ? copy->size : message->size;
            memcpy(copy->text, message->text, common);
            send(member, copy);
        }
        free(message);
        message = next;
    }
}

static bool is_behind(const struct inbox *inbox)
{
    return atomic_load_explicit(&inbox->count, memory_order_relaxed) > INBOX &&
           !atomic_load_explicit(&inbox->is_closed, memory_order_relaxed);
}

static void work(struct member *member)
{
    const struct inbox *own = &inboxes[member->index];
    const struct inbox *next = &inboxes[(member->index + 1) % member->options->thread_count];
    for (uint32_t done = 0; done < member->count; done += BATCH) {
        for (uint32_t i = 0; i < BATCH; i++) {
            send(member, make(member, HOPS));
        }
        pass_on(member, receive(member));
        while (is_behind(next)) { // do not bury it; but if all are behind, somebody must go on
            if (is_behind(own)) {
                pass_on(member, receive(member));
            }
            sched_yield();
        }
    }
    for (uint32_t i = 0; i < HOPS; i++) {
        pass_on(member, receive(member));
    }
    atomic_store_explicit(&inboxes[member->index].is_closed, true, memory_order_relaxed);
}

int main(int argc, char **argv)
{
    struct bench_options options = {
        .thread_count = 4, .count = 1500000, .min_size = 16, .max_size = 600};
    bench_parse(argc, argv, &options);
    if (options.thread_count > MAX_THREADS) {
        bench_fail("--threads: at most 64");
    }
    for (uint32_t i = 0; i < MAX_THREADS; i++) {
        pthread_mutex_init(&inboxes[i].lock, NULL);
    }
    crew_run(&options, work, NULL);
    return 0;
}
