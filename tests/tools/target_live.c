// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 120

// Looking into a live process: what is seen is exact, the process goes on as if nothing had been,
// and where it is not possible the reason is the right one.

#include "target_subject.h"

#include "child.h"

#include "cli/cli.h"
#include "image/image.h"
#include "image/resident.h"
#include "leaks/leaks.h"
#include "reach/reach.h"
#include "target/open.h"
#include "target/permission.h"
#include "target/process.h"
#include "target/scan.h"
#include "target/stop.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

// ---- What is seen -------------------------------------------------------------------------------

// Every block that a thread held when it was stopped is busy, and has its size.
static size_t compare_holdings(const struct image *image, unsigned threads)
{
    size_t held = 0;
    static struct subject_holding copy;
    for (unsigned i = 0; i < threads; i++) {
        uint64_t address = (uintptr_t)&subject_holdings[i];
        ASSERT_SIZE(image_read(image, address, &copy, sizeof(copy)), sizeof(copy));
        for (size_t slot = 0; slot < SUBJECT_SLOTS; slot++) {
            uint64_t block = (uintptr_t)atomic_load(&copy.blocks[slot]);
            if (block == 0) {
                continue;
            }
            const struct image_block *found = image_block_at(image, block);
            if (found == NULL || found->address != block || found->size != copy.sizes[slot] ||
                found->kind != IMAGE_BUSY) {
                test_fail(CHECK_HERE, "thread %u holds %#llx, %zu bytes; seen: %#llx, %llu bytes",
                    i, (unsigned long long)block, copy.sizes[slot],
                    (unsigned long long)(found != NULL ? found->address : 0),
                    (unsigned long long)(found != NULL ? found->size : 0));
            }
            held++;
        }
    }
    return held;
}

static uint64_t busy_count(const struct image *image)
{
    uint64_t count = 0;
    for (size_t i = 0; i < image->heap_count; i++) {
        count += image->heaps[i].busy_count;
    }
    return count;
}

static void check_threads(const struct image *image, unsigned threads)
{
    EXPECT_SIZE(image->thread_count, threads);
    for (size_t i = 0; i < image->thread_count; i++) {
        EXPECT_TRUE(image->threads[i].stack_pointer != 0 && image->threads[i].thread_pointer != 0);
        EXPECT_TRUE(image->threads[i].register_count > 16);
        EXPECT_TRUE(*image_string(image, image->threads[i].name) != 0);
    }
}

// So many threads would leave a second's work of ours to the next quarter of a minute.
static void busy_behind_us(void *context)
{
    EXPECT_TRUE(nice(19) != -1);
    subject_busy(context);
}

// `pause`: turns of a loop between two allocations. Threads that do nothing but allocate are nearly
// always inside the allocator: it takes many tries.
static void test_exact(unsigned threads, int looks, unsigned pause)
{
    struct subject subject;
    struct target_error error;
    uint64_t longest = 0;
    int exact = 0;
    subject_start(&subject, threads > 8 ? busy_behind_us : subject_busy, &threads);
    atomic_store(&subject.shared->pause, pause);
    subject_wait_ready(&subject, threads);
    subject_sleep_ms(100);
    for (int look = 0; look < looks; look++) {
        struct image *image = open_process_image(subject.pid, OPEN_CONTENTS, &error);
        if (image == NULL) {
            test_fail(CHECK_HERE, "%s", error.text);
            break;
        }
        check_threads(image, threads);
        EXPECT_AT_LEAST(image->heap_count, 1);
        exact += image->heap_count > 0 && image->heaps[0].is_exact;
        size_t held = compare_holdings(image, threads);
        EXPECT_AT_LEAST(busy_count(image), held);
        EXPECT_AT_MOST(busy_count(image), held + threads);
        longest = image->pause_ns > longest ? image->pause_ns : longest;
        image_destroy(image);
    }
    EXPECT_TRUE(subject_runs(&subject));
    test_note("%u threads: longest pause %.1f ms, contents copied, %d of %d looks exact", threads,
        (double)longest / 1e6, exact, looks);
    EXPECT_AT_LEAST((uint64_t)exact, (uint64_t)(looks + 1) / 2);
    subject_end(&subject);
}

// The image of a process knows where it came from.
static void test_description(void)
{
    struct subject subject;
    struct target_error error;
    unsigned threads = 2;
    subject_start(&subject, subject_busy, &threads);
    subject_wait_ready(&subject, threads);
    struct image *image = open_process_image(subject.pid, 0, &error);
    ASSERT_NOT_NULL(image);
    EXPECT_SIZE(image->process_id, (uint64_t)subject.pid);
    EXPECT_TRUE(image->source == IMAGE_LIVE && image->pause_ns > 0 && image->read_size > 0);
    EXPECT_TRUE(strcmp(image_string(image, image->name), "tools.target_live") == 0);
    EXPECT_TRUE(strstr(image_string(image, image->command_line), "target_live") != NULL);
    EXPECT_TRUE(image->resident_size > 0 && image->taken_at > 1600000000);
    const struct image_module *module = image_module_at(image, (uintptr_t)test_description);
    EXPECT_NOT_NULL(module);
    EXPECT_TRUE(module != NULL && strstr(image_string(image, module->path), "target_live") != NULL);
    const struct image_module *libc = image_module_at(image, (uintptr_t)getpid);
    EXPECT_TRUE(libc != NULL && libc->build_id_size == 20);
    // Without copied contents it is the process that answers.
    struct subject_holding holding;
    EXPECT_SIZE(image_read(image, (uintptr_t)&subject_holdings[0], &holding, sizeof(holding)),
        sizeof(holding));
    EXPECT_SIZE(image_read(image, 0, &holding, 8), 0);
    image_destroy(image);
    EXPECT_SIZE((uint64_t)scan_process(subject.pid), SCAN_STATIC);
    subject_end(&subject);
}

static void hide_block(void *context)
{
    (void)context;
    subject_hide_block();
}

// A block that only a vector register points to is in use.
static void test_vector_registers(void)
{
    struct subject subject;
    struct target_error error;
    subject_start(&subject, hide_block, NULL);
    subject_wait_ready(&subject, 1);
    uint64_t hidden = ~(uint64_t)atomic_load(&subject.shared->hidden);
    struct image *image = open_process_image(subject.pid, OPEN_CONTENTS, &error);
    ASSERT_NOT_NULL(image);
    EXPECT_TRUE(subject_has_word(image, hidden));
    EXPECT_TRUE(leaks_classify(image));
    const struct image_block *block = image_block_at(image, hidden);
    EXPECT_TRUE(block != NULL && block->address == hidden && block->class_ == REACH_REACHABLE);
    image_destroy(image);
    subject_end(&subject);
}

// A mapping of terabytes of which hardly anything was ever touched costs nothing, and what was
// touched is a root.
static void reserve_terabytes(void *context)
{
    const size_t size = *(const size_t *)context;
    char *memory = mmap(
        NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    uintptr_t block = (uintptr_t)halde_heap_alloc(halde_process_heap(), 1234, 0);
    if (memory == MAP_FAILED || block == 0) {
        _exit(3);
    }
    madvise(memory, size, MADV_NOHUGEPAGE);
    memory[size / 3] = 1;
    memcpy(memory + size - 64, &block, sizeof(block));
    atomic_store(&subject_shared->hidden, ~block);
    block = 0;
    atomic_store(&subject_shared->ready, 1);
    for (;;) {
        pause();
    }
}

static void test_terabytes(void)
{
    size_t size = (size_t)8 << 40;
    struct subject subject;
    struct target_error error;
    struct resident resident;
    resident_open(&resident, (uint32_t)getpid());
    if (!resident.can_scan) {
        test_note("this kernel has no PAGEMAP_SCAN: 64 GiB instead of 8 TiB");
        size = (size_t)64 << 30;
    }
    resident_close(&resident);
    subject_start(&subject, reserve_terabytes, &size);
    subject_wait_ready(&subject, 1);
    uint64_t hidden = ~(uint64_t)atomic_load(&subject.shared->hidden);
    uint64_t start = stop_clock_ns();
    struct image *image = open_process_image(subject.pid, OPEN_CONTENTS, &error);
    ASSERT_NOT_NULL(image);
    EXPECT_FALSE(target_is_stopped(image->reader)); // it was copied
    EXPECT_TRUE(leaks_classify(image));
    test_note("%zu GiB of addresses: stopped for %.1f ms, %.1f ms in all", size >> 30,
        (double)image->pause_ns / 1e6, (double)(stop_clock_ns() - start) / 1e6);
    const struct image_block *block = image_block_at(image, hidden);
    EXPECT_TRUE(block != NULL && block->address == hidden && block->class_ == REACH_REACHABLE);
    image_destroy(image);
    subject_end(&subject);
}

static bool count_run(void *context, uint64_t start, uint64_t end)
{
    uint64_t *sums = context;
    sums[0]++;
    sums[1] += end - start;
    return true;
}

// Both ways to ask the kernel say the same.
static void test_resident(void)
{
    enum {
        PAGES = 20000
    };
    struct resident resident;
    resident_open(&resident, (uint32_t)getpid());
    if (resident.descriptor < 0) {
        test_note("no pagemap here");
        return;
    }
    const size_t page = (size_t)resident.page_size, size = PAGES * page;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_TRUE(memory != MAP_FAILED);
    madvise(memory, size, MADV_NOHUGEPAGE);
    uint64_t pages = 0, runs = 0;
    for (size_t i = 0; i < PAGES; i += 1 + i % 7) {
        memory[i * page] = 1;
        runs += i == 0 || memory[(i - 1) * page] == 0;
        pages++;
    }
    // Looking has mapped the page of zeros here and there: that holds nothing.
    uint64_t start = (uintptr_t)memory, sums[2] = {0};
    EXPECT_TRUE(resident_find(&resident, start, start + size, RESIDENT_FILLED, count_run, sums));
    if (resident.can_scan) {
        EXPECT_SIZE(sums[0], runs);
        EXPECT_SIZE(sums[1], pages * page);
    }
    resident.can_scan = false;
    uint64_t slow[2] = {0};
    EXPECT_TRUE(resident_find(&resident, start, start + size, RESIDENT_FILLED, count_run, slow));
    EXPECT_AT_LEAST(slow[1], pages * page);
    EXPECT_AT_MOST(slow[1], size);
    EXPECT_FALSE(
        resident_find(&resident, 0, RESIDENT_SPAN_MAX + page, RESIDENT_FILLED, count_run, slow));
    resident_close(&resident);
    munmap(memory, size);
}

static bool never_quiet(void *context)
{
    (void)context;
    return false;
}

// Who has no patience gets what there is, and is told that it is not exact.
static void test_patience(void)
{
    struct subject subject;
    struct target_error error;
    unsigned threads = 32;
    subject_start(&subject, subject_busy, &threads);
    subject_wait_ready(&subject, threads);
    int quiet = 0;
    for (int round = 0; round < 10; round++) {
        struct target *target = target_open_process(subject.pid, &error);
        ASSERT_NOT_NULL(target);
        struct target_question question = {.is_quiet = never_quiet};
        target_set_patience(target, 5 * 1000 * 1000);
        EXPECT_SIZE(target_stop_quietly(target, &question, &error), TARGET_STOP_NOISY);
        quiet += target_pause_ns(target) < 200 * 1000 * 1000; // a busy machine adds to it
        target_close(target);
    }
    EXPECT_AT_LEAST((uint64_t)quiet, 5);
    EXPECT_TRUE(subject_runs(&subject));
    subject_end(&subject);
}

// ---- How it is stopped --------------------------------------------------------------------------

static void must_stop(struct target *target)
{
    struct target_error error = {.trouble = TARGET_NO_TROUBLE};
    if (!target_stop(target, &error)) {
        test_fail(CHECK_HERE, "not stopped: trouble %d: %s", (int)error.trouble, error.text);
        ASSERT_TRUE(target_is_stopped(target));
    }
}

static void must_stop_again(struct target *target)
{
    struct target_error error = {.trouble = TARGET_NO_TROUBLE};
    if (!target_resume_briefly(target, &error)) {
        test_fail(CHECK_HERE, "not stopped again: trouble %d: %s", (int)error.trouble, error.text);
        ASSERT_TRUE(target_is_stopped(target));
    }
}

static void test_nobody_runs(void)
{
    struct subject subject;
    struct target_error error;
    unsigned threads = 16;
    subject_start(&subject, subject_busy, &threads);
    subject_wait_ready(&subject, threads);
    struct target *target = target_open_process(subject.pid, &error);
    ASSERT_NOT_NULL(target);
    for (int round = 0; round < 20; round++) {
        must_stop(target);
        EXPECT_SIZE(target_thread_count(target), threads);
        EXPECT_FALSE(target_keep_contents(target, NULL, 0, 1)); // more than one byte
        EXPECT_TRUE(target_is_stopped(target));
        unsigned long steps = atomic_load(&subject.shared->steps);
        subject_sleep_ms(2);
        EXPECT_SIZE(atomic_load(&subject.shared->steps), steps);
        must_stop_again(target);
        steps = atomic_load(&subject.shared->steps);
        subject_sleep_ms(2);
        EXPECT_SIZE(atomic_load(&subject.shared->steps), steps);
        target_continue(target);
        EXPECT_FALSE(target_is_stopped(target));
    }
    EXPECT_TRUE(target_pause_ns(target) > 20 * 4 * 1000000ULL);
    target_close(target);
    EXPECT_TRUE(subject_runs(&subject));
    subject_end(&subject);
}

static void count_signal(int signal)
{
    (void)signal;
    atomic_fetch_add(&subject_shared->signals, 1);
}

static void busy_with_signals(void *context)
{
    struct sigaction action = {.sa_handler = count_signal, .sa_flags = SA_RESTART};
    sigaction(SIGRTMIN, &action, NULL);
    subject_busy(context);
}

// Real-time signals are queued one by one: none may be lost, none come twice.
static void test_signals(void)
{
    struct subject subject;
    struct target_error error;
    unsigned threads = 4;
    unsigned long sent = 0;
    subject_start(&subject, busy_with_signals, &threads);
    subject_wait_ready(&subject, threads);
    struct target *target = target_open_process(subject.pid, &error);
    ASSERT_NOT_NULL(target);
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 5; i++) {
            sent += sigqueue(subject.pid, SIGRTMIN, (union sigval){.sival_int = i}) == 0;
        }
        must_stop(target);
        for (int i = 0; i < 5; i++) {
            sent += sigqueue(subject.pid, SIGRTMIN, (union sigval){.sival_int = i}) == 0;
        }
        if (round % 3 == 0) {
            must_stop_again(target);
        }
        target_continue(target);
    }
    for (int i = 0; i < 5000 && atomic_load(&subject.shared->signals) < sent; i++) {
        subject_sleep_ms(1);
    }
    EXPECT_SIZE(atomic_load(&subject.shared->signals), sent);
    target_close(target);
    subject_end(&subject);
}

static char state_of(pid_t pid)
{
    struct process_status status;
    return process_status(pid, &status) ? status.state : 0;
}

static void wait_for_state(pid_t pid, char state)
{
    for (int i = 0; i < 2000 && state_of(pid) != state; i++) {
        subject_sleep_ms(1);
    }
}

// Whom job control had stopped stays stopped, until he is continued.
static void test_job_control(void)
{
    struct subject subject;
    struct target_error error;
    unsigned threads = 4;
    subject_start(&subject, subject_busy, &threads);
    subject_wait_ready(&subject, threads);
    kill(subject.pid, SIGSTOP);
    wait_for_state(subject.pid, 'T');
    for (int round = 0; round < 5; round++) {
        struct image *image = open_process_image(subject.pid, OPEN_CONTENTS, &error);
        ASSERT_NOT_NULL(image);
        check_threads(image, threads);
        image_destroy(image);
        wait_for_state(subject.pid, 'T');
        EXPECT_SIZE((uint64_t)state_of(subject.pid), 'T');
    }
    unsigned long steps = atomic_load(&subject.shared->steps);
    subject_sleep_ms(5);
    EXPECT_SIZE(atomic_load(&subject.shared->steps), steps);
    kill(subject.pid, SIGCONT);
    EXPECT_TRUE(subject_runs(&subject));
    // The same, when the stop comes while we hold it.
    struct target *target = target_open_process(subject.pid, &error);
    ASSERT_NOT_NULL(target);
    must_stop(target);
    kill(subject.pid, SIGSTOP);
    target_close(target);
    wait_for_state(subject.pid, 'T');
    EXPECT_SIZE((uint64_t)state_of(subject.pid), 'T');
    kill(subject.pid, SIGCONT);
    EXPECT_TRUE(subject_runs(&subject));
    subject_end(&subject);
}

// A tool that is killed while it holds the process.
static void test_tool_killed(void)
{
    struct subject subject;
    unsigned threads = 8;
    subject_start(&subject, subject_busy, &threads);
    subject_wait_ready(&subject, threads);
    int ready[2];
    ASSERT_TRUE(pipe(ready) == 0);
    pid_t tool = fork();
    ASSERT_TRUE(tool >= 0);
    if (tool == 0) {
        struct target_error error;
        struct target *target = target_open_process(subject.pid, &error);
        char answer = target != NULL && target_stop(target, &error) ? 'y' : 'n';
        if (write(ready[1], &answer, 1) == 1) {
            pause();
        }
        _exit(1);
    }
    char answer = 0;
    EXPECT_TRUE(read(ready[0], &answer, 1) == 1 && answer == 'y');
    unsigned long steps = atomic_load(&subject.shared->steps);
    subject_sleep_ms(5);
    EXPECT_SIZE(atomic_load(&subject.shared->steps), steps);
    kill(tool, SIGKILL);
    waitpid(tool, NULL, 0);
    EXPECT_TRUE(subject_runs(&subject));
    close(ready[0]);
    close(ready[1]);
    subject_end(&subject);
}

static void *brief_thread(void *argument)
{
    halde_heap *heap = halde_process_heap();
    halde_heap_free(heap, halde_heap_alloc(heap, 100, 0), 0);
    atomic_fetch_add(&subject_shared->steps, 1);
    return argument;
}

static void make_threads(void *context)
{
    (void)context;
    atomic_store(&subject_shared->ready, 1);
    for (;;) {
        pthread_t threads[8];
        for (int i = 0; i < 8; i++) {
            pthread_create(&threads[i], NULL, brief_thread, NULL);
        }
        for (int i = 0; i < 8; i++) {
            pthread_join(threads[i], NULL);
        }
    }
}

// Threads that come and go all the time.
static void test_brief_threads(void)
{
    struct subject subject;
    struct target_error error;
    subject_start(&subject, make_threads, NULL);
    subject_wait_ready(&subject, 1);
    for (int round = 0; round < 50; round++) {
        struct target *target = target_open_process(subject.pid, &error);
        ASSERT_NOT_NULL(target);
        must_stop(target);
        unsigned long steps = atomic_load(&subject.shared->steps);
        subject_sleep_ms(1);
        EXPECT_SIZE(atomic_load(&subject.shared->steps), steps);
        target_close(target);
    }
    EXPECT_TRUE(subject_runs(&subject));
    subject_end(&subject);
}

static void without_leader(void *context)
{
    pthread_t thread;
    (void)context;
    pthread_create(&thread, NULL, subject_work, &subject_holdings[1]);
    pthread_create(&thread, NULL, subject_work, &subject_holdings[2]);
    pthread_exit(NULL);
}

// The first thread has ended, others go on: it is a zombie that cannot be stopped.
static void test_without_leader(void)
{
    struct subject subject;
    struct target_error error;
    subject_start(&subject, without_leader, NULL);
    subject_wait_ready(&subject, 2);
    wait_for_state(subject.pid, 'Z');
    struct target *target = target_open_process(subject.pid, &error);
    EXPECT_NOT_NULL(target);
    if (target == NULL) {
        test_note("%s", error.text);
    } else {
        must_stop(target);
        EXPECT_SIZE(target_thread_count(target), 2);
        target_close(target);
        EXPECT_TRUE(subject_runs(&subject));
    }
    subject_end(&subject);
}

static void in_vfork(void *context)
{
    pthread_t thread;
    (void)context;
    pthread_create(&thread, NULL, subject_work, &subject_holdings[1]);
    // As vfork() does, but with memory of its own.
    if (syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0) == 0) {
        pause();
        _exit(0);
    }
    pause();
}

// A thread in the kernel that no signal reaches.
static void test_in_kernel(void)
{
    struct subject subject;
    struct target_error error;
    subject_start(&subject, in_vfork, NULL);
    subject_wait_ready(&subject, 1);
    wait_for_state(subject.pid, 'D');
    struct target *target = target_open_process(subject.pid, &error);
    ASSERT_NOT_NULL(target);
    for (int round = 0; round < 3; round++) {
        must_stop(target);
        EXPECT_SIZE(target_thread_count(target), 2);
        unsigned long steps = atomic_load(&subject.shared->steps);
        subject_sleep_ms(2);
        EXPECT_SIZE(atomic_load(&subject.shared->steps), steps);
        target_continue(target);
        EXPECT_TRUE(subject_runs(&subject));
    }
    target_close(target);
    char name[64];
    snprintf(name, sizeof(name), "task/%d/children", (int)subject.pid);
    char *children = process_read(subject.pid, name, NULL);
    long child = children != NULL ? strtol(children, NULL, 10) : 0;
    if (child > 0) {
        kill((pid_t)child, SIGKILL);
    }
    free(children);
    subject_end(&subject);
}

// ---- When it is not possible --------------------------------------------------------------------

static void expect_refused(pid_t pid, enum target_trouble trouble, const char *text)
{
    struct target_error error = {.trouble = TARGET_NO_TROUBLE};
    struct image *image = open_process_image(pid, 0, &error);
    if (image != NULL) {
        test_fail(CHECK_HERE, "process %d was opened", (int)pid);
        image_destroy(image);
        return;
    }
    if (error.trouble != trouble || strstr(error.text, text) == NULL) {
        test_fail(CHECK_HERE, "trouble %d, not %d: \"%s\" lacks \"%s\"", (int)error.trouble,
            (int)trouble, error.text, text);
    }
}

static void sleep_body(void *context)
{
    (void)context;
    atomic_store(&subject_shared->ready, 1);
    pause();
}

static void test_no_process(void)
{
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    siginfo_t info;
    waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
    expect_refused(child, TARGET_ENDED, "has ended");
    waitpid(child, NULL, 0);
    expect_refused(child, TARGET_NO_PROCESS, "there is no process");
    expect_refused(getpid(), TARGET_NOT_SUPPORTED, "itself");
    if (state_of(2) != 0 && getpid() != 2) {
        struct process_status status;
        if (process_status(2, &status) && !status.has_memory) {
            expect_refused(2, TARGET_NOT_SUPPORTED, "kernel");
        }
    }
}

static void test_traced(void)
{
    struct subject subject;
    subject_start(&subject, sleep_body, NULL);
    subject_wait_ready(&subject, 1);
    int ready[2];
    ASSERT_TRUE(pipe(ready) == 0);
    pid_t tracer = fork();
    if (tracer == 0) {
        char answer = ptrace(PTRACE_SEIZE, subject.pid, NULL, NULL) == 0 ? 'y' : 'n';
        if (write(ready[1], &answer, 1) == 1) {
            pause();
        }
        _exit(1);
    }
    char answer = 0;
    EXPECT_TRUE(read(ready[0], &answer, 1) == 1 && answer == 'y');
    char text[64];
    snprintf(text, sizeof(text), "already traced by process %d (tools.target_live)", (int)tracer);
    expect_refused(subject.pid, TARGET_TRACED, text);
    kill(tracer, SIGKILL);
    waitpid(tracer, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    subject_end(&subject);
}

static void undumpable_body(void *context)
{
    if (setgid(65534) != 0 || setuid(65534) != 0) {
        _exit(3);
    }
    prctl(PR_SET_DUMPABLE, *(const int *)context, 0, 0, 0);
    sleep_body(context);
}

// As a user who is neither root nor the owner, or the owner of something that hides.
static void expect_refused_as(uid_t user, pid_t pid, const char *text)
{
    pid_t child = fork();
    if (child == 0) {
        test_reset();
        if (setgid(user) != 0 || setuid(user) != 0) {
            _exit(3);
        }
        expect_refused(pid, TARGET_NO_RIGHT, text);
        _exit(test_result());
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_not_permitted(void)
{
    if (geteuid() != 0) {
        test_note("not root: refusals for lack of rights are not tested");
        return;
    }
    static const int NO = 0, YES = 1;
    struct subject subject;
    subject_start(&subject, sleep_body, NULL);
    subject_wait_ready(&subject, 1);
    expect_refused_as(65534, subject.pid, "belongs to user root");
    subject_end(&subject);
    int no = NO, yes = YES;
    subject_start(&subject, undumpable_body, &no);
    subject_wait_ready(&subject, 1);
    expect_refused_as(65534, subject.pid, "does not let itself be looked at");
    subject_end(&subject);
    subject_start(&subject, undumpable_body, &yes);
    subject_wait_ready(&subject, 1);
    expect_refused_as(65533, subject.pid, "HALDE_OPTIONS=stats=1");
    subject_end(&subject);
}

// Root without the right to trace, as in containers: it sees mappings, but may not read there.
static void look_without_right(void *context)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2];
    if (syscall(SYS_capget, &header, sets) != 0) {
        test_skip("no capabilities");
    }
    const uint32_t bit = UINT32_C(1) << CAP_SYS_PTRACE;
    sets[0].effective &= ~bit;
    sets[0].permitted &= ~bit;
    sets[0].inheritable &= ~bit;
    if (syscall(SYS_capset, &header, sets) != 0) {
        test_skip("capabilities cannot be given up");
    }
    expect_refused(*(const pid_t *)context, TARGET_NO_RIGHT, "--cap-add=SYS_PTRACE");
}

static void test_without_right(void)
{
    if (!permission_has(CAP_SYS_PTRACE)) {
        test_note("not root: nothing to give up");
        return;
    }
    struct subject subject;
    subject_start(&subject, sleep_body, NULL);
    subject_wait_ready(&subject, 1);
    EXPECT_CHILD_PASSES("looking without the right", look_without_right, &subject.pid, 20);
    subject_end(&subject);
}

// A filter on system calls, as containers have it: one of them gives EPERM.
static bool forbid(uint32_t call)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void read_without_call(void *context)
{
    struct target_error error;
    if (!forbid(SYS_process_vm_readv)) {
        test_skip("no seccomp");
    }
    struct image *image = open_process_image(*(const pid_t *)context, OPEN_CONTENTS, &error);
    if (image == NULL) {
        test_fail(CHECK_HERE, "%s", error.text);
        return;
    }
    EXPECT_AT_LEAST(compare_holdings(image, 2), 1);
    image_destroy(image);
}

static void stop_without_call(void *context)
{
    if (!forbid(SYS_ptrace)) {
        test_skip("no seccomp");
    }
    expect_refused(*(const pid_t *)context, TARGET_NO_RIGHT, "seccomp");
}

static void test_filters(void)
{
    struct subject subject;
    unsigned threads = 2;
    subject_start(&subject, subject_busy, &threads);
    subject_wait_ready(&subject, threads);
    subject_sleep_ms(20);
    EXPECT_CHILD_PASSES("reading without its system call", read_without_call, &subject.pid, 20);
    EXPECT_CHILD_PASSES("stopping without its system call", stop_without_call, &subject.pid, 20);
    EXPECT_TRUE(subject_runs(&subject));
    subject_end(&subject);
}

static void end_soon(void *context)
{
    unsigned threads = 4;
    (void)context;
    for (unsigned i = 1; i < threads; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, subject_work, &subject_holdings[i]);
    }
    atomic_fetch_add(&subject_shared->ready, 1);
    while (!atomic_load(&subject_shared->is_told_to_end)) {
    }
    _exit(0);
}

// A process that ends in the middle: an error or an image, but no hang and no crash; and its status
// is left for its parent, which is us.
static void test_ends_meanwhile(void)
{
    const int rounds = CONFIG_ASAN ? 10 : 30; // its processes are large
    for (int round = 0; round < rounds; round++) {
        struct subject subject;
        struct target_error error = {.trouble = TARGET_NO_TROUBLE};
        subject_start(&subject, end_soon, NULL);
        subject_wait_ready(&subject, 3);
        if (round % 2 == 0) {
            atomic_store(&subject.shared->is_told_to_end, true);
        } else {
            kill(subject.pid, SIGKILL);
        }
        struct timespec time = {.tv_nsec = round * 20000};
        nanosleep(&time, NULL);
        struct image *image = open_process_image(subject.pid, OPEN_CONTENTS, &error);
        if (image == NULL && error.trouble != TARGET_ENDED) {
            test_fail(CHECK_HERE, "trouble %d: %s", (int)error.trouble, error.text);
        }
        image_destroy(image);
        int status = 0;
        EXPECT_SIZE((uint64_t)waitpid(subject.pid, &status, 0), (uint64_t)subject.pid);
        EXPECT_TRUE(round % 2 == 0 ? WIFEXITED(status) : WIFSIGNALED(status));
        munmap(subject.shared, sizeof(*subject.shared));
    }
}

int main(void)
{
    halde_heap *heap = halde_process_heap();
    ASSERT_NOT_NULL(heap);
    test_exact(1, 10, 0);
    test_exact(8, 10, 0);
    test_exact(64, 6, 0);
    test_description();
    test_resident();
    test_vector_registers();
    test_terabytes();
    test_patience();
    test_nobody_runs();
    test_signals();
    test_job_control();
    test_tool_killed();
    test_brief_threads();
    test_without_leader();
    test_in_kernel();
    test_no_process();
    test_traced();
    test_not_permitted();
    test_without_right();
    test_filters();
    test_ends_meanwhile();
    return test_result();
}
