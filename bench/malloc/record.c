// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Preloaded: counts what a program asks of malloc.  At exit each process writes a file of text to
 * the folder $HALDE_RECORD:
 *
 *     process <name>
 *     calls <allocations>        malloc, calloc, the aligned ones, and realloc
 *     reallocs <n>               of these, reallocations of a block
 *     remote <n>                 frees by another thread than the one that allocated
 *     <size> <count> <lifetime>:<count> ...
 *
 * A reallocation is the end of one block and the beginning of another.  Sizes are exact up to
 * 1024 bytes, above it the largest of one sixteenth of a doubling.  A lifetime is the binary
 * logarithm of the number of allocations between a block's beginning and its end; LIFETIME_NEVER
 * stands for blocks that the program did not free.
 *
 * One lock guards everything: slow, and good enough to count.  glibc's own functions do the work.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// What glibc calls its own functions.
// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

enum {
    EXACT_SIZES = 1025,
    STEPS_PER_DOUBLING = 16,
    SIZE_BUCKETS = EXACT_SIZES + 64 * STEPS_PER_DOUBLING,
    LIFETIME_NEVER = 40,
    LIFETIMES,
};

struct birth {
    uintptr_t block; // 0: empty
    uint64_t time;   // allocations before it
    uint32_t bucket;
    uint32_t thread;
};

static struct {
    pthread_mutex_t lock;
    struct birth *births; // hash table, linear probing
    size_t capacity;      // a power of two
    size_t count;
    uint64_t calls;
    uint64_t reallocs;
    uint64_t remote;
    uint32_t threads;
    size_t (*usable_size)(void *block);
    uint64_t counts[SIZE_BUCKETS][LIFETIMES];
} record = {.lock = PTHREAD_MUTEX_INITIALIZER};

static __thread uint32_t thread_number __attribute__((tls_model("initial-exec")));

// ---- Buckets ------------------------------------------------------------------------------------

static uint32_t bucket_of(size_t size)
{
    if (size < EXACT_SIZES) {
        return (uint32_t)size;
    }
    // 1025 ... 1088 is the first step, as in size classes: (1024, 1088]
    uint64_t last = size - 1;
    uint32_t doubling = 63 - (uint32_t)__builtin_clzll(last); // at least 10
    uint32_t step = (uint32_t)(last >> (doubling - 4)) & (STEPS_PER_DOUBLING - 1);
    return EXACT_SIZES + (doubling - 10) * STEPS_PER_DOUBLING + step;
}

static uint64_t size_of_bucket(uint32_t bucket)
{
    if (bucket < EXACT_SIZES) {
        return bucket;
    }
    uint32_t doubling = (bucket - EXACT_SIZES) / STEPS_PER_DOUBLING + 10;
    uint64_t step = (bucket - EXACT_SIZES) % STEPS_PER_DOUBLING;
    return (UINT64_C(1) << doubling) + ((step + 1) << (doubling - 4));
}

static uint32_t lifetime_of(uint64_t allocations)
{
    return allocations == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(allocations);
}

// ---- Births and deaths --------------------------------------------------------------------------

static size_t place_of(uintptr_t block, size_t capacity)
{
    return (size_t)((block * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (capacity - 1);
}

static struct birth *find(struct birth *births, size_t capacity, uintptr_t block)
{
    size_t i = place_of(block, capacity);
    while (births[i].block != 0 && births[i].block != block) {
        i = (i + 1) & (capacity - 1);
    }
    return &births[i];
}

static void grow_locked(void)
{
    size_t capacity = record.capacity == 0 ? (size_t)1 << 16 : record.capacity * 2;
    struct birth *births = mmap(NULL, capacity * sizeof(*births), PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (births == MAP_FAILED) {
        abort();
    }
    for (size_t i = 0; i < record.capacity; i++) {
        if (record.births[i].block != 0) {
            *find(births, capacity, record.births[i].block) = record.births[i];
        }
    }
    if (record.births != NULL) {
        munmap(record.births, record.capacity * sizeof(*births));
    }
    record.births = births;
    record.capacity = capacity;
}

/** Closes the gap that a removed entry leaves: entries behind it move up. */
static void remove_locked(struct birth *birth)
{
    size_t mask = record.capacity - 1;
    size_t gap = (size_t)(birth - record.births);
    for (size_t i = (gap + 1) & mask; record.births[i].block != 0; i = (i + 1) & mask) {
        size_t home = place_of(record.births[i].block, record.capacity);
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            record.births[gap] = record.births[i];
            gap = i;
        }
    }
    record.births[gap].block = 0;
    record.count--;
}

static void note_birth_locked(void *block, size_t size)
{
    if (block == NULL) {
        return;
    }
    if (thread_number == 0) {
        thread_number = ++record.threads;
    }
    if (2 * (record.count + 1) > record.capacity) {
        grow_locked();
    }
    struct birth *birth = find(record.births, record.capacity, (uintptr_t)block);
    record.count += birth->block == 0;
    *birth = (struct birth){(uintptr_t)block, record.calls, bucket_of(size), thread_number};
    record.calls++;
}

static void note_death_locked(void *block)
{
    if (block == NULL || record.capacity == 0) {
        return;
    }
    struct birth *birth = find(record.births, record.capacity, (uintptr_t)block);
    if (birth->block == 0) {
        return;
    }
    record.counts[birth->bucket][lifetime_of(record.calls - birth->time - 1)]++;
    record.remote += birth->thread != thread_number;
    remove_locked(birth);
}

static void note_birth(void *block, size_t size)
{
    pthread_mutex_lock(&record.lock);
    note_birth_locked(block, size);
    pthread_mutex_unlock(&record.lock);
}

static void note_death(void *block)
{
    pthread_mutex_lock(&record.lock);
    note_death_locked(block);
    pthread_mutex_unlock(&record.lock);
}

// ---- The functions ------------------------------------------------------------------------------

void *malloc(size_t size)
{
    void *block = __libc_malloc(size);
    note_birth(block, size);
    return block;
}

void free(void *block)
{
    int error = errno;
    note_death(block); // before the block can become somebody else's
    __libc_free(block);
    errno = error;
}

void *calloc(size_t count, size_t size)
{
    void *block = __libc_calloc(count, size);
    note_birth(block, count * size);
    return block;
}

void *realloc(void *block, size_t size)
{
    if (block == NULL) {
        return malloc(size);
    }
    // The lock is held throughout: the old address may be taken by another thread at once.
    pthread_mutex_lock(&record.lock);
    void *resized = __libc_realloc(block, size);
    if (resized != NULL || size == 0) {
        note_death_locked(block);
        note_birth_locked(resized, size);
        record.reallocs++;
    }
    pthread_mutex_unlock(&record.lock);
    return resized;
}

static void *take_aligned(size_t alignment, size_t size)
{
    void *block = __libc_memalign(alignment, size);
    note_birth(block, size);
    return block;
}

void *memalign(size_t alignment, size_t size)
{
    return take_aligned(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return take_aligned(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size)
{
    int error = errno;
    void *block = take_aligned(alignment, size);
    errno = error;
    if (block == NULL) {
        return ENOMEM;
    }
    *result = block;
    return 0;
}

void *valloc(size_t size)
{
    return take_aligned((size_t)sysconf(_SC_PAGESIZE), size);
}

/** glibc's own: a program may bring another one, which knows nothing of glibc's blocks. */
size_t malloc_usable_size(void *block)
{
    return record.usable_size(block);
}

// ---- The report ---------------------------------------------------------------------------------

static void write_bucket(int file, uint32_t bucket)
{
    char line[LIFETIMES * 24];
    uint64_t sum = 0;
    for (int lifetime = 0; lifetime < LIFETIMES; lifetime++) {
        sum += record.counts[bucket][lifetime];
    }
    if (sum == 0) {
        return;
    }
    int length = sprintf(
        line, "%llu %llu", (unsigned long long)size_of_bucket(bucket), (unsigned long long)sum);
    for (int lifetime = 0; lifetime < LIFETIMES; lifetime++) {
        if (record.counts[bucket][lifetime] != 0) {
            length += sprintf(line + length, " %d:%llu", lifetime,
                (unsigned long long)record.counts[bucket][lifetime]);
        }
    }
    line[length++] = '\n';
    if (write(file, line, (size_t)length) != length) {
        _exit(1);
    }
}

__attribute__((destructor)) static void report(void)
{
    const char *folder = secure_getenv("HALDE_RECORD");
    if (folder == NULL) {
        return;
    }
    char path[4096];
    snprintf(path, sizeof(path), "%s/%ld", folder, (long)getpid());
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0) {
        return;
    }
    pthread_mutex_lock(&record.lock);
    for (size_t i = 0; i < record.capacity; i++) {
        if (record.births[i].block != 0) {
            record.counts[record.births[i].bucket][LIFETIME_NEVER]++;
        }
    }
    char head[400]; // dprintf() could allocate, under the lock
    int length =
        snprintf(head, sizeof(head), "process %s\ncalls %llu\nreallocs %llu\nremote %llu\n",
            program_invocation_short_name, (unsigned long long)record.calls,
            (unsigned long long)record.reallocs, (unsigned long long)record.remote);
    if (write(file, head, (size_t)length) != length) {
        _exit(1);
    }
    for (uint32_t bucket = 0; bucket < SIZE_BUCKETS; bucket++) {
        write_bucket(file, bucket);
    }
    close(file);
    pthread_mutex_unlock(&record.lock);
}

static void before_fork(void)
{
    pthread_mutex_lock(&record.lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&record.lock);
}

__attribute__((constructor)) static void begin(void)
{
    void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    if (libc == NULL) {
        abort();
    }
    record.usable_size = (size_t(*)(void *))dlsym(libc, "malloc_usable_size");
    pthread_atfork(before_fork, after_fork, after_fork);
}
