// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "unwind/bounds.h"

#include "base/bits.h"
#include "os/os.h"

#include <pthread.h>

enum {
    OWN_SIZE_MAX = 64 << 20,   // a stack in use that is larger is treated as a coroutine's
    EXTEND_SIZE_MAX = 4 << 20, // the largest frame to be passed on other stacks
};

THREAD_LOCAL struct bounds_thread bounds_thread;

// Where the main thread's stack began.
extern void *__libc_stack_end __attribute__((weak));

// ---- What the thread remembers ----------------------------------------------------------------

// A handler may interrupt between any two of these stores: `high` is stored last and cleared first,
// so that a range is there whole or not at all.
static void remember_range(struct bounds_range *range, uintptr_t low, uintptr_t high)
{
    RELAXED_STORE(range->high, 0);
    COMPILER_BARRIER();
    RELAXED_STORE(range->low, low);
    COMPILER_BARRIER();
    RELAXED_STORE(range->high, high);
}

// Whether the caller may change the ranges now; then leave_change() must follow.
static bool enter_change(void)
{
    if (bounds_thread.is_changing) {
        return false;
    }
    bounds_thread.is_changing = true;
    COMPILER_BARRIER();
    return true;
}

static void leave_change(void)
{
    COMPILER_BARRIER();
    bounds_thread.is_changing = false;
}

static void remember_own(uintptr_t low, uintptr_t high)
{
    if (enter_change()) {
        remember_range(&bounds_thread.own, low, high);
        bounds_thread.other.high = 0;
        leave_change();
    }
}

static void remember_other(uintptr_t low, uintptr_t high)
{
    if (enter_change()) {
        remember_range(&bounds_thread.other, low, high);
        leave_change();
    }
}

// The other range has grown upward; a handler may have put another one in its place.
static void remember_growth(const struct bounds *bounds, uintptr_t high)
{
    struct bounds_range *other = &bounds_thread.other;
    if (enter_change()) {
        if (other->low == bounds->low && other->high == bounds->high) {
            other->high = high;
        }
        leave_change();
    }
}

// ---- Proof ------------------------------------------------------------------------------------

static bool has_range(const struct bounds_range *range, uintptr_t address)
{
    return address >= range->low && address < range->high;
}

static bool is_readable(uintptr_t low, uintptr_t high)
{
    return os_is_readable((const void *)low, high - low);
}

// The stack has grown below what was seen of it.
static bool extend_own_down(struct bounds *bounds, uintptr_t page)
{
    uintptr_t low = bounds_thread.own.low;
    uintptr_t high = bounds_thread.own.high;
    if (high == 0 || page >= low || low - page > OWN_SIZE_MAX || !is_readable(page, low)) {
        return false;
    }
    remember_own(page, high);
    *bounds = (struct bounds){.low = page, .high = high, .is_own = true};
    return true;
}

// Whether the stack that `page` belongs to has `top` at its top.
static bool find_own(struct bounds *bounds, uintptr_t page, uintptr_t top)
{
    if (top <= page || top - page > OWN_SIZE_MAX || !is_readable(page, top)) {
        return false;
    }
    remember_own(page, top);
    *bounds = (struct bounds){.low = page, .high = top, .is_own = true};
    return true;
}

// libc places a thread's descriptor at the top of its stack, also of one that the program brought;
// in the main thread it lies elsewhere, far from the stack or above other memory.
static bool find_own_top(struct bounds *bounds, uintptr_t page)
{
    if (find_own(bounds, page, (uintptr_t)pthread_self())) {
        return true;
    }
    return &__libc_stack_end != NULL && find_own(bounds, page, (uintptr_t)__libc_stack_end);
}

bool bounds_open_slow(struct bounds *bounds, uintptr_t sp)
{
    const struct bounds_range *own = &bounds_thread.own;
    const struct bounds_range *other = &bounds_thread.other;
    if (has_range(own, sp)) {
        *bounds = (struct bounds){.low = own->low, .high = own->high, .is_own = true};
        remember_other(0, 0);
        return true;
    }
    if (has_range(other, sp)) {
        *bounds = (struct bounds){.low = other->low, .high = other->high};
        return true;
    }
    uintptr_t page = bits_round_down(sp, os_page_size());
    bool is_known = own->high != 0;
    if (is_known ? extend_own_down(bounds, page) : find_own_top(bounds, page)) {
        return true;
    }
    uintptr_t page_end = page + os_page_size();
    if (!is_readable(page, page_end)) {
        return false;
    }
    remember_other(page, page_end);
    *bounds = (struct bounds){.low = page, .high = page_end};
    return true;
}

bool bounds_extend(struct bounds *bounds, uintptr_t address, size_t size)
{
    uintptr_t end;
    if (bounds->is_own || address < bounds->low || __builtin_add_overflow(address, size, &end) ||
        end - bounds->high > EXTEND_SIZE_MAX) {
        return false;
    }
    uintptr_t high = bits_round_up(end, os_page_size());
    if (high <= bounds->high) {
        return end <= bounds->high;
    }
    if (!is_readable(bounds->high, high)) {
        return false;
    }
    remember_growth(bounds, high);
    bounds->high = high;
    return true;
}
