// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// When the debug heap is on: from the first constructor of a program that asks for it, or from the
// first call of a debug function.  Then malloc() and its kin come here, by the redirect.  At the
// end, after the destructors of the program and of all its libraries, the leaks are dumped.

#include "crtdbg/bounds.h"
#include "crtdbg/caller.h"
#include "crtdbg/exit_dump.h"
#include "crtdbg/families.h"
#include "crtdbg/heap_dbg.h"
#include "crtdbg/incremental.h"
#include "crtdbg/layout.h"
#include "crtdbg/program.h"
#include "crtdbg/quarantine.h"
#include "crtdbg/report_window.h"
#include "crtdbg/section.h"
#include "crtdbg/stacks.h"
#include "os/os.h"

#include <errno.h>
#include <string.h>

static struct {
    struct os_mutex mutex;
    _Atomic(bool) is_on;           // written under `mutex`, never taken back
    _Atomic(uint64_t) fork_number; // blocks up to this number are the parent's: no leaks of ours
} start;

// ---- The redirect -----------------------------------------------------------------------------

static int32_t use_of(const void *caller)
{
    return caller_is_runtime(caller) ? _CRT_BLOCK : _NORMAL_BLOCK;
}

static void *redirect_allocate(
    size_t size, size_t alignment, uint32_t flags, enum allocator_family family, const void *caller)
{
    struct debug_request request = {
        .size = size,
        .alignment = alignment,
        .use = use_of(caller),
        .is_zeroed = (flags & HALDE_ZERO) != 0,
        .family = (uint8_t)family,
        .caller = caller,
    };
    // operator new calls the new handler itself.
    return family == FAMILY_MALLOC ? debug_allocate(&request) : debug_allocate_once(&request);
}

static void *redirect_reallocate(void *block, size_t size, const void *caller)
{
    struct debug_request request = {.size = size, .use = use_of(caller), .caller = caller};
    return debug_reallocate(block, &request, false);
}

static void redirect_release(void *block, enum allocator_family family, const void *caller)
{
    int use = family == FAMILY_MALLOC ? _NORMAL_BLOCK : _UNKNOWN_BLOCK;
    debug_free_from(block, use, &(struct release){.family = family, .caller = caller});
}

static size_t redirect_size(const void *pointer)
{
    struct debug_block block;
    if (debug_block_find(pointer, &block)) {
        return debug_block_is_valid(&block) ? block.size : 0;
    }
    size_t size;
    halde_heap *plain = debug_plain_heap_of(pointer);
    return plain != NULL && halde_heap_size(plain, pointer, &size) == HALDE_OK ? size : 0;
}

static const struct allocator_redirect REDIRECT = {
    .allocate = redirect_allocate,
    .reallocate = redirect_reallocate,
    .release = redirect_release,
    .claim = families_check_delete,
    .size = redirect_size,
};

// ---- Start ------------------------------------------------------------------------------------

bool debug_is_on(void)
{
    // Pairs with the release store in turn_on().
    return atomic_load_explicit(&start.is_on, memory_order_acquire);
}

// The blocks that the child was born with are not its leaks; and a mutex that another thread of the
// parent had is free.
static void note_fork(void)
{
    start.mutex = (struct os_mutex){.state = 0};
    window_reset_after_fork();
    atomic_store_explicit(&start.fork_number, debug_next_number() - 1, memory_order_relaxed);
}

static bool option_is(const char *key, const char *expected)
{
    const char *value = engine_option(key);
    return value != NULL && strcmp(value, expected) == 0;
}

enum {
    STRANGERS_QUARANTINE_SIZE = 8 * 1024 * 1024
};

// A number of bytes, which the options' reader has looked at.
static size_t number_of(const char *digits)
{
    size_t number = 0;
    for (; *digits >= '0' && *digits <= '9'; digits++) {
        number = number * 10 + (size_t)(*digits - '0');
    }
    return number;
}

static void set_up_quarantine(void)
{
    const char *size = engine_option("crt_quarantine");
    if (size != NULL) {
        quarantine_init(number_of(size));
    } else if (option_is("mode", "crt")) {
        quarantine_init(STRANGERS_QUARANTINE_SIZE);
    }
}

static void set_up_stacks(void)
{
    const char *frames = engine_option("crt_stacks");
    const char *memory = engine_option("crt_stack_memory");
    stacks_init(frames == NULL ? 0 : number_of(frames), memory == NULL ? 0 : number_of(memory));
}

static COLD bool turn_on(void)
{
    os_mutex_lock(&start.mutex);
    if (!debug_is_on() && debug_block_init()) {
        section_in_child = note_fork;
        section_init();
        caller_init();
        set_up_quarantine();
        set_up_stacks();
        families_init();
        incremental_init();
        bounds_init();
        layout_register_debug_heap();
        atomic_store_explicit(&start.is_on, true, memory_order_release);
        engine_set_redirect(&REDIRECT);
    }
    os_mutex_unlock(&start.mutex);
    return debug_is_on();
}

bool debug_turn_on(void)
{
    if (LIKELY(debug_is_on())) {
        return true;
    }
    int saved_errno = errno;
    bool is_on = turn_on();
    errno = saved_errno;
    return is_on;
}

// A program that knows nothing of debug heaps gets its leaks told, and its mistakes on stderr.
static void set_defaults_for_strangers(void)
{
    bool wants_leaks = !option_is("crt_leak_check", "0");
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | (wants_leaks ? _CRTDBG_LEAK_CHECK_DF : 0));
    for (int type = 0; type < _CRT_ERRCNT; type++) {
        _CrtSetReportMode(type, _CRTDBG_MODE_FILE);
        _CrtSetReportFile(type, _CRTDBG_FILE_STDERR);
    }
}

// The header refers to it in every debug unit, so that a static program has this file.
HALDE_API void halde_debug_heap_start(void);

AT_START void halde_debug_heap_start(void)
{
    if (debug_is_on() || !program_is_debug()) {
        return;
    }
    if (debug_turn_on() && option_is("mode", "crt")) {
        set_defaults_for_strangers();
    }
}

__attribute__((constructor(101))) static void start_early(void)
{
    halde_debug_heap_start();
}

// ---- End --------------------------------------------------------------------------------------

// The C++ runtime's reserve for exceptions, which its shared form keeps as a block of its own: here
// nobody can tell it from the program's.  By the name of the C++ ABI.
extern void free_exception_reserve(void) __asm__("_ZN9__gnu_cxx9__freeresEv") __attribute__((weak));

// Each block is looked at, too: most programs never free the one that they damaged.
static void report_at_end(void *unused)
{
    (void)unused;
    uint64_t since = atomic_load_explicit(&start.fork_number, memory_order_relaxed);
    if (caller_libc_is_static() && free_exception_reserve != NULL) {
        free_exception_reserve();
    }
    if (debug_has_flag(_CRTDBG_LEAK_CHECK_DF)) {
        _CrtSetDumpClient(NULL);
        debug_dump_leaks(since);
    }
    if (!option_is("crt_check_at_exit", "0")) {
        debug_check_since(since);
    }
}

// The C++ ABI's way to be called at the end; without a handle it is later than everything that has
// one, and than the destructors of all libraries.
extern int __cxa_atexit(void (*function)(void *), void *argument, void *handle);

__attribute__((destructor)) static void end(void)
{
    if (debug_is_on()) {
        __cxa_atexit(report_at_end, NULL, NULL);
    }
}
