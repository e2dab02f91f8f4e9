// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "os/stop.h"

#include "base/bits.h"
#include "base/text.h"
#include "os/os.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    THREADS_MAX = 16384,
    HELPER_STACK_SIZE = 64 * 1024,
    VECTORS_SIZE_MAX = 16 * 1024,
    STOP_WAIT_MS = 1000, // for one thread: it may be where no signal reaches it
};

enum stage {
    STAGE_STARTING,
    STAGE_REFUSED, // the helper may not trace: the caller allows it, or gives up
    STAGE_ALLOWED,
    STAGE_STOPPED,
    STAGE_FAILED,
    STAGE_GO_ON,
};

struct os_stop {
    _Atomic(uint32_t) stage;    // enum stage; futex.  Caller and helper hand it to each other
    _Atomic(uint32_t) is_alive; // the helper; futex, cleared by the system
    pid_t helper;
    pid_t process;
    pid_t caller;
    int error;   // helper, before STAGE_FAILED
    size_t size; // bytes of this structure with all that follows
    size_t count;
    struct os_stopped_thread threads[THREADS_MAX];
    uint64_t vectors[VECTORS_SIZE_MAX / sizeof(uint64_t)]; // helper: of the thread in hand
    _Alignas(4096) uint8_t helper_stack[HELPER_STACK_SIZE];
};

// ---- System calls -----------------------------------------------------------------------------
// Caller and helper have one errno: so libc's functions will not do.  A result from -4095 to -1 is
// a negative error.

#if defined(__x86_64__)
static long call(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
static long call(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#else
static long call(long number, long a, long b, long c, long d, long e, long f)
{
    (void)number, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    return -ENOSYS;
}
#endif

// Whether this processor's system calls and registers are known here.
#if defined(__x86_64__) || defined(__aarch64__)
#define CAN_STOP 1
#else
#define CAN_STOP 0
#endif

static long address_of(const void *pointer)
{
    return (long)(uintptr_t)pointer;
}

static long trace(long request, pid_t thread, long address, long data)
{
    return call(SYS_ptrace, request, thread, address, data, 0, 0);
}

static void wait_on(const void *word, uint32_t value)
{
    const struct timespec limit = {.tv_nsec = 10 * 1000 * 1000};
    // Not a private futex: the helper is another process.
    call(SYS_futex, address_of(word), FUTEX_WAIT, value, address_of(&limit), 0, 0);
}

// ---- Both -------------------------------------------------------------------------------------

// Pairs with load_stage().
static void set_stage(struct os_stop *stop, enum stage stage)
{
    atomic_store_explicit(&stop->stage, stage, memory_order_release);
    call(SYS_futex, address_of(&stop->stage), FUTEX_WAKE, INT32_MAX, 0, 0, 0);
}

static uint32_t load_stage(const struct os_stop *stop)
{
    return atomic_load_explicit(&stop->stage, memory_order_acquire);
}

// ---- List of threads --------------------------------------------------------------------------

struct directory_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t size;
    uint8_t type;
    char name[];
};

static int open_below_proc(pid_t process, pid_t thread, int flags)
{
    char path[64];
    struct text text;
    text_init(&text, path, sizeof(path));
    text_put(&text, "/proc/");
    text_put_decimal(&text, (uint64_t)process);
    text_put(&text, "/task");
    if (thread != 0) {
        text_put(&text, "/");
        text_put_decimal(&text, (uint64_t)thread);
        text_put(&text, "/stat");
    }
    return (int)call(SYS_openat, AT_FDCWD, address_of(path), O_RDONLY | O_CLOEXEC | flags, 0, 0, 0);
}

static pid_t number_of(const char *name)
{
    pid_t number = 0;
    for (; *name >= '0' && *name <= '9'; name++) {
        number = number * 10 + (*name - '0');
    }
    return number;
}

// Calls `visit` for each thread, until it returns false. False: they could not be listed.
static bool visit_threads(pid_t process, bool (*visit)(void *context, pid_t thread), void *context)
{
    _Alignas(8) char buffer[2048] = {0};
    const int directory = open_below_proc(process, 0, O_DIRECTORY);
    if (directory < 0) {
        return false;
    }
    bool goes_on = true;
    long got = call(SYS_getdents64, directory, address_of(buffer), sizeof(buffer), 0, 0, 0);
    while (goes_on && got > 0) {
        for (long at = 0; goes_on && at < got;) {
            const struct directory_entry *entry = (const void *)(buffer + at);
            const pid_t thread = number_of(entry->name);
            goes_on = thread == 0 || visit(context, thread);
            at += entry->size;
        }
        got = goes_on ? call(SYS_getdents64, directory, address_of(buffer), sizeof(buffer), 0, 0, 0)
                      : 0;
    }
    call(SYS_close, directory, 0, 0, 0, 0, 0);
    return got >= 0;
}

static bool note_other(void *context, pid_t thread)
{
    bool *has_others = context;
    *has_others = *has_others || thread != (pid_t)call(SYS_gettid, 0, 0, 0, 0, 0, 0);
    return !*has_others;
}

bool os_has_other_threads(void)
{
    bool has_others = false;
    const bool is_known = visit_threads(getpid(), note_other, &has_others);
    return has_others || !is_known;
}

// ---- Registers --------------------------------------------------------------------------------

#if defined(__x86_64__)
static uintptr_t stack_pointer_of(const struct user_regs_struct *registers)
{
    return registers->rsp;
}

static uintptr_t thread_pointer_of(pid_t thread, const struct user_regs_struct *registers)
{
    (void)thread;
    return registers->fs_base;
}
#elif defined(__aarch64__)
static uintptr_t stack_pointer_of(const struct user_regs_struct *registers)
{
    return registers->sp;
}

static uintptr_t thread_pointer_of(pid_t thread, const struct user_regs_struct *registers)
{
    uintptr_t pointer = 0;
    struct iovec place = {.iov_base = &pointer, .iov_len = sizeof(pointer)};
    (void)registers;
    trace(PTRACE_GETREGSET, thread, NT_ARM_TLS, address_of(&place));
    return pointer;
}
#else
static uintptr_t stack_pointer_of(const struct user_regs_struct *registers)
{
    (void)registers;
    return 0;
}

static uintptr_t thread_pointer_of(pid_t thread, const struct user_regs_struct *registers)
{
    (void)thread, (void)registers;
    return 0;
}
#endif
static_assert(sizeof(struct user_regs_struct) <= OS_GENERAL_REGISTERS_MAX * sizeof(uint64_t),
    "registers fit into struct os_stopped_thread");

// Register sets with vector registers: the first that a thread has holds all of them.
#if defined(__x86_64__)
static const int VECTOR_SETS[] = {NT_X86_XSTATE, NT_PRFPREG};
#else
static const int VECTOR_SETS[] = {NT_ARM_SVE, NT_PRFPREG};
#endif

static bool has_register(const struct os_stopped_thread *thread, uint64_t value)
{
    for (uint32_t i = 0; i < thread->register_count; i++) {
        if (thread->registers[i] == value) {
            return true;
        }
    }
    return false;
}

// Of the words of vector registers those that may be addresses: compilers copy pairs of pointers
// with them.
static void add_vectors(struct os_stop *stop, struct os_stopped_thread *thread)
{
    const uint64_t first_address = 1 << 16, last_address = (uint64_t)1 << 56;
    struct iovec place = {.iov_len = 0};
    for (size_t i = 0; i < sizeof(VECTOR_SETS) / sizeof(VECTOR_SETS[0]) && place.iov_len == 0;
         i++) {
        place = (struct iovec){.iov_base = stop->vectors, .iov_len = sizeof(stop->vectors)};
        if (trace(PTRACE_GETREGSET, (pid_t)thread->id, VECTOR_SETS[i], address_of(&place)) != 0) {
            place.iov_len = 0;
        }
    }
    for (size_t i = 0; i < place.iov_len / sizeof(uint64_t); i++) {
        const uint64_t word = stop->vectors[i];
        if (word >= first_address && word < last_address && !has_register(thread, word) &&
            thread->register_count < OS_REGISTERS_MAX) {
            thread->registers[thread->register_count++] = word;
        }
    }
}

static bool read_registers(struct os_stop *stop, struct os_stopped_thread *thread)
{
    struct user_regs_struct registers = {0};
    struct iovec place = {.iov_base = &registers, .iov_len = sizeof(registers)};
    if (trace(PTRACE_GETREGSET, (pid_t)thread->id, NT_PRSTATUS, address_of(&place)) != 0) {
        return false;
    }
    thread->stack_pointer = stack_pointer_of(&registers);
    thread->thread_pointer = thread_pointer_of((pid_t)thread->id, &registers);
    thread->register_count = sizeof(registers) / sizeof(uint64_t);
    memcpy(thread->registers, &registers, sizeof(registers));
    add_vectors(stop, thread);
    return true;
}

// Not compiled with the caller: its registers must be in place.
NOINLINE size_t os_own_registers(uint64_t registers[OS_REGISTERS_MAX])
{
#if defined(__x86_64__)
    __asm__ volatile("mov %%rbx, 0(%0)\n\tmov %%rbp, 8(%0)\n\tmov %%r12, 16(%0)\n\t"
                     "mov %%r13, 24(%0)\n\tmov %%r14, 32(%0)\n\tmov %%r15, 40(%0)"
                     :
                     : "r"(registers)
                     : "memory");
    return 6;
#elif defined(__aarch64__)
    // Of the vector registers a function preserves these halves.
    __asm__ volatile("stp x19, x20, [%0]\n\tstp x21, x22, [%0, 16]\n\tstp x23, x24, [%0, 32]\n\t"
                     "stp x25, x26, [%0, 48]\n\tstp x27, x28, [%0, 64]\n\tstr x29, [%0, 80]\n\t"
                     "stp d8, d9, [%0, 88]\n\tstp d10, d11, [%0, 104]\n\t"
                     "stp d12, d13, [%0, 120]\n\tstp d14, d15, [%0, 136]"
                     :
                     : "r"(registers)
                     : "memory");
    return 19;
#else
    jmp_buf place; // all that is kept across calls
    const size_t size = sizeof(place);
    static_assert(sizeof(place) <= OS_REGISTERS_MAX * sizeof(uint64_t), "they fit");
    memset(place, 0, size);
    (void)setjmp(place);
    memcpy(registers, place, size);
    return size / sizeof(uint64_t);
#endif
}

// ---- Helper -----------------------------------------------------------------------------------

static void sleep_briefly(void)
{
    const struct timespec time = {.tv_nsec = 100 * 1000};
    call(SYS_nanosleep, address_of(&time), 0, 0, 0, 0, 0);
}

// Waits until a thread stands still. 0; ESRCH: it has ended; EBUSY: it does not come.
static int wait_for_stop(struct os_stopped_thread *thread)
{
    const uint64_t deadline = os_clock_ms() + STOP_WAIT_MS;
    int status = 0;
    long got = 0;
    while (got == 0) {
        got = call(SYS_wait4, thread->id, address_of(&status), __WALL | WNOHANG, 0, 0, 0);
        if (got == 0 && os_clock_ms() > deadline) {
            return EBUSY;
        }
        if (got == 0) {
            sleep_briefly();
        }
    }
    if (got < 0 || !WIFSTOPPED(status)) {
        return ESRCH;
    }
    // Anything but our own interruption is a signal on its way to the thread.
    const bool is_event = status >> 16 == PTRACE_EVENT_STOP;
    thread->signal = is_event ? 0 : WSTOPSIG(status);
    return 0;
}

// Whether a thread has ended, and is only still listed.
static bool has_ended(pid_t process, pid_t thread)
{
    char text[256];
    const int file = open_below_proc(process, thread, 0);
    if (file < 0) {
        return true;
    }
    const long size = call(SYS_read, file, address_of(text), sizeof(text) - 1, 0, 0, 0);
    call(SYS_close, file, 0, 0, 0, 0, 0);
    text[size > 0 ? size : 0] = '\0';
    // Its state stands behind its name.
    const char *name_end = strrchr(text, ')');
    return name_end == NULL || name_end[1] == '\0' || name_end[2] == 'Z' || name_end[2] == 'X';
}

static bool is_known(const struct os_stop *stop, pid_t thread)
{
    for (size_t i = 0; i < stop->count; i++) {
        if (stop->threads[i].id == (uint32_t)thread) {
            return true;
        }
    }
    return false;
}

struct round {
    struct os_stop *stop;
    bool is_new; // a thread was found that was not known
    int error;   // why one could not be stopped
};

// Stops one thread, if it is not known yet. Whether to go on with the others.
static bool seize(void *context, pid_t id)
{
    struct round *round = context;
    struct os_stop *stop = round->stop;
    if (id == stop->caller || is_known(stop, id)) {
        return true;
    }
    if (stop->count == THREADS_MAX) {
        round->error = ENOMEM;
        return false;
    }
    const long error = -trace(PTRACE_SEIZE, id, 0, 0);
    if (error != 0) {
        round->error = has_ended(stop->process, id) ? 0 : (int)error;
        return round->error == 0;
    }
    round->is_new = true;
    struct os_stopped_thread *thread = &stop->threads[stop->count];
    *thread = (struct os_stopped_thread){.id = (uint32_t)id};
    if (trace(PTRACE_INTERRUPT, id, 0, 0) == 0) {
        const int trouble = wait_for_stop(thread);
        stop->count += trouble == 0 && read_registers(stop, thread);
        round->error = trouble == EBUSY ? EBUSY : 0;
    }
    return round->error == 0;
}

static void let_go_on(struct os_stop *stop)
{
    for (size_t i = 0; i < stop->count; i++) {
        trace(PTRACE_DETACH, (pid_t)stop->threads[i].id, 0, stop->threads[i].signal);
    }
    stop->count = 0;
}

// A thread that runs may make others: until no new one appears.
static int stop_all(struct os_stop *stop)
{
    struct round round = {.stop = stop, .is_new = true};
    while (round.is_new && round.error == 0) {
        round.is_new = false;
        if (!visit_threads(stop->process, seize, &round) && round.error == 0) {
            round.error = EIO;
        }
    }
    if (round.error != 0) {
        let_go_on(stop);
    }
    return round.error;
}

// Without its parent the helper has no business any more.
static bool is_parent_there(const struct os_stop *stop)
{
    return getppid() == stop->process;
}

static enum stage wait_for_caller(const struct os_stop *stop, enum stage stage)
{
    while (load_stage(stop) == stage && is_parent_there(stop)) {
        wait_on(&stop->stage, stage);
    }
    return is_parent_there(stop) ? (enum stage)load_stage(stop) : STAGE_GO_ON;
}

static int help(void *context)
{
    struct os_stop *stop = context;
    call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
    int error = stop_all(stop);
    if (error == EPERM) {
        // Where only ancestors may trace, the caller can name us.
        set_stage(stop, STAGE_REFUSED);
        if (wait_for_caller(stop, STAGE_REFUSED) == STAGE_ALLOWED) {
            error = stop_all(stop);
        }
    }
    stop->error = error;
    const enum stage reached = error == 0 ? STAGE_STOPPED : STAGE_FAILED;
    set_stage(stop, reached);
    wait_for_caller(stop, reached);
    let_go_on(stop);
    return 0;
}

// ---- Caller -----------------------------------------------------------------------------------

static struct os_stop *take_memory(void)
{
    const size_t size = bits_round_up(sizeof(struct os_stop), os_page_size());
    struct os_stop *stop = os_reserve(size);
    if (stop == NULL) {
        return NULL;
    }
    if (os_commit(stop, size, false) != 0) {
        os_unreserve(stop, size);
        return NULL;
    }
    stop->size = size;
    return stop;
}

static bool start_helper(struct os_stop *stop)
{
    const uint64_t all = UINT64_MAX;
    uint64_t before;
    const long size = sizeof(all);
    stop->process = getpid();
    stop->caller = (pid_t)call(SYS_gettid, 0, 0, 0, 0, 0, 0);
    // No handler of the program's may run in the helper.
    call(SYS_rt_sigprocmask, SIG_BLOCK, address_of(&all), address_of(&before), size, 0, 0);
    // The system clears `is_alive`, and wakes who waits there, once the helper is done with memory.
    stop->is_alive = 1;
    stop->helper = clone(help, stop->helper_stack + HELPER_STACK_SIZE,
        CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_UNTRACED | CLONE_CHILD_CLEARTID, stop, NULL, NULL,
        &stop->is_alive);
    call(SYS_rt_sigprocmask, SIG_SETMASK, address_of(&before), 0, size, 0, 0);
    return stop->helper > 0;
}

static bool has_helper_ended(const struct os_stop *stop)
{
    return atomic_load_explicit(&stop->is_alive, memory_order_acquire) == 0;
}

// Waits for the helper's answer.
static enum stage wait_for_helper(struct os_stop *stop, enum stage stage)
{
    while (load_stage(stop) == stage) {
        if (has_helper_ended(stop)) {
            stop->error = ECHILD;
            return STAGE_FAILED;
        }
        wait_on(&stop->stage, stage);
    }
    return (enum stage)load_stage(stop);
}

static void end_helper(struct os_stop *stop)
{
    set_stage(stop, STAGE_GO_ON);
    while (!has_helper_ended(stop)) {
        wait_on(&stop->is_alive, 1);
    }
    long got;
    do {
        got = call(SYS_wait4, stop->helper, 0, __WALL, 0, 0, 0);
    } while (got == -EINTR);
}

static void allow(struct os_stop *stop)
{
    call(SYS_prctl, PR_SET_PTRACER, stop->helper, 0, 0, 0, 0);
    set_stage(stop, STAGE_ALLOWED);
}

struct os_stop *os_stop_others(int *error)
{
    const int saved_errno = errno;
    struct os_stop *stop = CAN_STOP ? take_memory() : NULL;
    *error = CAN_STOP ? ENOMEM : ENOSYS;
    if (stop != NULL && !start_helper(stop)) {
        *error = errno;
        os_unreserve(stop, stop->size);
        stop = NULL;
    }
    if (stop != NULL) {
        enum stage stage = wait_for_helper(stop, STAGE_STARTING);
        if (stage == STAGE_REFUSED) {
            allow(stop);
            stage = wait_for_helper(stop, STAGE_ALLOWED);
            call(SYS_prctl, PR_SET_PTRACER, 0, 0, 0, 0, 0);
        }
        *error = stage == STAGE_STOPPED ? 0 : stop->error;
        if (stage != STAGE_STOPPED) {
            os_stop_end(stop);
            stop = NULL;
        }
    }
    errno = saved_errno;
    return stop;
}

void os_stop_end(struct os_stop *stop)
{
    if (stop != NULL) {
        end_helper(stop);
        os_unreserve(stop, stop->size);
    }
}

const struct os_stopped_thread *os_stop_threads(const struct os_stop *stop, size_t *count)
{
    *count = stop->count;
    return stop->threads;
}

void os_stop_memory(const struct os_stop *stop, uintptr_t *start, uintptr_t *end)
{
    *start = (uintptr_t)stop;
    *end = (uintptr_t)stop + stop->size;
}
