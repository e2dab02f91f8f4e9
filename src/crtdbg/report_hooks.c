// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/report_hooks.h"

#include "crtdbg/api.h"
#include "crtdbg/invalid_parameter.h"
#include "crtdbg/report.h"
#include "crtdbg/report_text.h"
#include "os/os.h"

#include <errno.h>
#include <pthread.h>

typedef void any_hook(void);

struct hook {
    any_hook *function; // NULL: the place is free
    uint64_t order;     // higher: installed later, called earlier
    int count;          // installations not yet removed
};

enum {
    STATIC_HOOKS = 16
};

// A list grows by doubling its table; the old one is given back.
struct hook_list {
    struct hook *table; // NULL: static_table
    size_t capacity;
    struct hook static_table[STATIC_HOOKS];
};

static struct {
    struct os_mutex mutex;            // guards the lists and next_order; never held during a call
    struct hook_list narrow;          // GUARDED_BY(mutex)
    struct hook_list wide;            // GUARDED_BY(mutex)
    uint64_t next_order;              // GUARDED_BY(mutex)
    _Atomic(size_t) installed;        // hooks in both lists; any thread, relaxed
    _Atomic(_CRT_REPORT_HOOK) single; // any thread; release and acquire
    _Atomic(bool) is_fork_watched;    // set once
} hooks;

// ---- fork -------------------------------------------------------------------------------------

static void lock_for_fork(void)
{
    os_mutex_lock(&hooks.mutex);
}

static void unlock_after_fork(void)
{
    os_mutex_unlock(&hooks.mutex);
}

static void watch_fork(void)
{
    if (!atomic_exchange_explicit(&hooks.is_fork_watched, true, memory_order_relaxed)) {
        // Not os_fork_watch(), which is the engine's and can be called once.
        pthread_atfork(lock_for_fork, unlock_after_fork, unlock_after_fork);
    }
}

// ---- Lists, with the mutex held ---------------------------------------------------------------

static struct hook *table_of(struct hook_list *list)
{
    return list->table != NULL ? list->table : list->static_table;
}

static size_t capacity_of(const struct hook_list *list)
{
    return list->table != NULL ? list->capacity : STATIC_HOOKS;
}

// The hook with this function; NULL asks for a free place.
static struct hook *find(struct hook_list *list, any_hook *function)
{
    struct hook *table = table_of(list);
    for (size_t i = 0; i < capacity_of(list); i++) {
        if (table[i].function == function) {
            return &table[i];
        }
    }
    return NULL;
}

// The newest hook that is older than `order`.
static const struct hook *find_older(struct hook_list *list, uint64_t order)
{
    const struct hook *table = table_of(list);
    const struct hook *newest = NULL;
    for (size_t i = 0; i < capacity_of(list); i++) {
        const bool is_candidate = table[i].function != NULL && table[i].order < order;
        if (is_candidate && (newest == NULL || table[i].order > newest->order)) {
            newest = &table[i];
        }
    }
    return newest;
}

static size_t table_size(size_t capacity)
{
    const size_t page = os_page_size();
    return (capacity * sizeof(struct hook) + page - 1) / page * page;
}

// Returns whether there is a free place now.
static bool grow(struct hook_list *list)
{
    const size_t old_capacity = capacity_of(list);
    const size_t size = table_size(2 * old_capacity);
    struct hook *table = os_reserve(size);
    if (table == NULL) {
        return false;
    }
    if (os_commit(table, size, false) != 0) {
        os_unreserve(table, size);
        return false;
    }
    for (size_t i = 0; i < old_capacity; i++) {
        table[i] = table_of(list)[i];
    }
    if (list->table != NULL) {
        os_unreserve(list->table, table_size(list->capacity));
    }
    list->table = table;
    list->capacity = 2 * old_capacity;
    return true;
}

// Returns how often the hook is installed now, or -1 without memory.
static int install_locked(struct hook_list *list, any_hook *function)
{
    struct hook *hook = find(list, function);
    if (hook == NULL) {
        hook = find(list, NULL);
    }
    if (hook == NULL && grow(list)) {
        hook = find(list, NULL);
    }
    if (hook == NULL) {
        return -1;
    }
    if (hook->function == NULL) {
        *hook = (struct hook){.function = function};
        atomic_fetch_add_explicit(&hooks.installed, 1, memory_order_relaxed);
    }
    hook->order = ++hooks.next_order;
    return ++hook->count;
}

// Returns how often it is still installed, or -1 if it is not in the list.
static int remove_locked(struct hook_list *list, any_hook *function)
{
    struct hook *hook = find(list, function);
    if (hook == NULL) {
        return -1;
    }
    if (--hook->count > 0) {
        return hook->count;
    }
    hook->function = NULL;
    atomic_fetch_sub_explicit(&hooks.installed, 1, memory_order_relaxed);
    return 0;
}

// ---- Entries ----------------------------------------------------------------------------------

static int install(struct hook_list *list, any_hook *function)
{
    watch_fork();
    os_mutex_lock(&hooks.mutex);
    const int count = install_locked(list, function);
    os_mutex_unlock(&hooks.mutex);
    if (count < 0) {
        errno = ENOMEM;
    }
    return count;
}

static int uninstall(struct hook_list *list, any_hook *function)
{
    os_mutex_lock(&hooks.mutex);
    const int count = remove_locked(list, function);
    os_mutex_unlock(&hooks.mutex);
    if (count < 0) {
        REPORT_ASSERT_TEXT(false, "(\"The hook function is not in the list!\", 0)");
        errno = EINVAL;
    }
    return count;
}

static int change(struct hook_list *list, int mode, any_hook *function)
{
    if (mode != _CRT_RPTHOOK_INSTALL && mode != _CRT_RPTHOOK_REMOVE) {
        INVALID_PARAMETER("mode == _CRT_RPTHOOK_INSTALL || mode == _CRT_RPTHOOK_REMOVE", EINVAL);
        return -1;
    }
    if (function == NULL) {
        INVALID_PARAMETER("new_hook != nullptr", EINVAL);
        return -1;
    }
    return mode == _CRT_RPTHOOK_INSTALL ? install(list, function) : uninstall(list, function);
}

int __cdecl _CrtSetReportHook2(int mode, _CRT_REPORT_HOOK hook)
{
    return change(&hooks.narrow, mode, (any_hook *)hook);
}

int __cdecl _CrtSetReportHookW2(int mode, _CRT_REPORT_HOOKW hook)
{
    return change(&hooks.wide, mode, (any_hook *)hook);
}

_CRT_REPORT_HOOK __cdecl _CrtSetReportHook(_CRT_REPORT_HOOK hook)
{
    return atomic_exchange_explicit(&hooks.single, hook, memory_order_acq_rel);
}

_CRT_REPORT_HOOK __cdecl _CrtGetReportHook(void)
{
    return atomic_load_explicit(&hooks.single, memory_order_acquire);
}

// ---- Calls ------------------------------------------------------------------------------------

// Copies the newest hook older than *order, whose order it stores; false when there is none.
static bool next_hook(struct hook_list *list, uint64_t *order, any_hook **function)
{
    os_mutex_lock(&hooks.mutex);
    const struct hook *hook = find_older(list, *order);
    if (hook != NULL) {
        *order = hook->order;
        *function = hook->function;
    }
    os_mutex_unlock(&hooks.mutex);
    return hook != NULL;
}

// The order that nothing reaches before the next installation.
static uint64_t order_of_now(void)
{
    os_mutex_lock(&hooks.mutex);
    const uint64_t order = hooks.next_order + 1;
    os_mutex_unlock(&hooks.mutex);
    return order;
}

static bool call_narrow(_CRT_REPORT_HOOK hook, int type, struct report_buffer *buffer, int *result)
{
    int answer = 0;
    if (hook(type, buffer->narrow, &answer) == 0) {
        return false;
    }
    *result = answer;
    return true;
}

static bool call_narrow_list(uint64_t order, int type, struct report_buffer *buffer, int *result)
{
    const uint64_t before = report_text_hash_narrow(buffer);
    any_hook *function;
    while (next_hook(&hooks.narrow, &order, &function)) {
        if (call_narrow((_CRT_REPORT_HOOK)function, type, buffer, result)) {
            return true;
        }
    }
    if (report_text_hash_narrow(buffer) != before) {
        report_text_widen(buffer);
    }
    return false;
}

static bool call_wide_list(uint64_t order, int type, struct report_buffer *buffer, int *result)
{
    const uint64_t before = report_text_hash_wide(buffer);
    any_hook *function;
    while (next_hook(&hooks.wide, &order, &function)) {
        int answer = 0;
        if (((_CRT_REPORT_HOOKW)function)(type, buffer->wide, &answer) != 0) {
            *result = answer;
            return true;
        }
    }
    if (report_text_hash_wide(buffer) != before) {
        report_text_narrow(buffer);
    }
    return false;
}

bool report_hooks_call(int type, struct report_buffer *buffer, int *result)
{
    if (atomic_load_explicit(&hooks.installed, memory_order_relaxed) > 0) {
        const uint64_t order = order_of_now();
        if (call_narrow_list(order, type, buffer, result) ||
            call_wide_list(order, type, buffer, result)) {
            return true;
        }
    }
    const _CRT_REPORT_HOOK single = _CrtGetReportHook();
    return single != NULL && call_narrow(single, type, buffer, result);
}
