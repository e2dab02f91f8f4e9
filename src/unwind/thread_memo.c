// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Memos for whoever has no place for one of his own: each thread gets one when it first asks.
//
// Nobody is told when a thread ends.  A slot says whose its memo is: process and thread id; what
// belongs to a thread that is no more goes to the next one that finds no free slot.  A forked
// child's thread goes on with the memo it has, whose slot still names the parent: such slots are
// left alone.

#include "base/bits.h"
#include "os/os.h"
#include "os/process.h"
#include "unwind/memo.h"

#include <string.h>

enum {
    SLOT_COUNT = 256,
    RETRY = 4096, // walks after which a thread that got none asks again
};

struct slot {
    _Atomic(uint64_t) owner; // process id, thread id; 0: nobody. Taken by exchange
    _Atomic(struct unwind_memo *)
        memo; // the owner's; stored (release), loaded by the next (acquire)
};

static struct slot slots[SLOT_COUNT];

HIDDEN THREAD_LOCAL struct unwind_memo *unwind_own_memo;
static THREAD_LOCAL uint32_t walks_left; // until it is worth asking
static THREAD_LOCAL bool is_asking;      // a signal handler has to do without

static bool claim(struct slot *slot, uint64_t from, uint64_t self)
{
    return atomic_compare_exchange_strong_explicit(
        &slot->owner, &from, self, memory_order_acquire, memory_order_relaxed);
}

static struct slot *claim_free(uint64_t self)
{
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        uint64_t owner = atomic_load_explicit(&slots[i].owner, memory_order_relaxed);
        // A thread that has our id, but is not us, is no more.
        if ((owner == 0 || owner == self) && claim(&slots[i], owner, self)) {
            return &slots[i];
        }
    }
    return NULL;
}

static struct slot *claim_orphan(uint64_t self)
{
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        uint64_t owner = atomic_load_explicit(&slots[i].owner, memory_order_relaxed);
        if (owner >> 32 == self >> 32 && !os_process_exists((uint32_t)owner) &&
            claim(&slots[i], owner, self)) {
            return &slots[i];
        }
    }
    return NULL;
}

static struct unwind_memo *prepare(struct slot *slot)
{
    struct unwind_memo *memo = atomic_load_explicit(&slot->memo, memory_order_acquire);
    if (memo != NULL) {
        memset(memo, 0, sizeof(*memo));
        return memo;
    }
    size_t size = bits_round_up(sizeof(*memo), os_page_size());
    void *memory = os_reserve(size);
    if (memory != NULL && os_commit(memory, size, false) != 0) {
        os_unreserve(memory, size);
        memory = NULL;
    }
    atomic_store_explicit(&slot->memo, memory, memory_order_release);
    return memory;
}

struct unwind_memo *unwind_thread_memo_slow(void)
{
    if (is_asking || walks_left > 0) {
        walks_left -= is_asking ? 0 : 1;
        return NULL;
    }
    is_asking = true;
    COMPILER_BARRIER();
    uint64_t self = (uint64_t)os_process_id() << 32 | os_thread_id();
    struct slot *slot = claim_free(self);
    slot = slot != NULL ? slot : claim_orphan(self);
    unwind_own_memo = slot != NULL ? prepare(slot) : NULL;
    walks_left = RETRY;
    COMPILER_BARRIER();
    is_asking = false;
    return unwind_own_memo;
}
