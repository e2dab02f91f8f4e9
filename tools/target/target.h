// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The target: the process that is looked at, alive or as a core file.
 *
 * A target reads memory, and knows mappings, modules, threads with their registers, and names. What
 * lies in the heaps is no business of its: it fills the parts of an image that are not heaps.
 *
 * LIVE.  Nothing is written to the process and none of its code is called.  To be exact, all of its
 * threads are stopped for a moment (PTRACE_SEIZE and PTRACE_INTERRUPT):
 *
 *     target_open_process()    reads what does not change; every thread runs
 *     target_stop_quietly()    attaches, stops all; lets them go on for 100 us and stops again as
 *                              long as one is inside the allocator
 *     ... read ...
 *     target_keep_contents()   copies the memory that can change, if contents are wanted later
 *     target_continue()        signals that came meanwhile are delivered, all threads go on
 *
 * Should this process die in between, the kernel lets the threads go on.  A thread that was stopped
 * by job control stays so.
 *
 * CORE.  Memory is that of the file; what it omits is read from the module's file, if that is the
 * same one (build-id).  Stopping succeeds and does nothing.  A core file is hostile input: every
 * number is checked.
 *
 * Threads: a target belongs to the thread that stopped it; ptrace wants it so.
 */
#ifndef TARGET_TARGET_H
#define TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct image;
struct target;
struct view_range;
struct view_piece;

enum target_trouble {
    TARGET_NO_TROUBLE,
    TARGET_NO_PROCESS,    ///< there is none with this id
    TARGET_NO_RIGHT,      ///< the system does not let us
    TARGET_TRACED,        ///< another tracer has it
    TARGET_ENDED,         ///< it ended meanwhile
    TARGET_NOT_SUPPORTED, ///< 32-bit, kernel thread, ...
    TARGET_BAD_FILE,      ///< not a core file, damaged, or not to be opened
    TARGET_NO_HEAP,       ///< it carries no Halde heap
    TARGET_NO_MEMORY,
};

struct target_error {
    enum target_trouble trouble;
    char text[900]; ///< what is wrong and what to do next; no "halde: ", no newline
};

/// Opens a live process; a thread id stands for its process. NULL: `error` says why.
struct target *target_open_process(pid_t pid, struct target_error *error);
/// Opens a core file. `executable`: the program's file; NULL: where the core says it was.
struct target *target_open_core(
    const char *path, const char *executable, struct target_error *error);
/// Continues and closes it. NULL is allowed.
void target_close(struct target *target);

bool target_is_live(const struct target *target);
pid_t target_process_id(const struct target *target);
/// The program's name without folders.
const char *target_name(const struct target *target);

/// What is missing of a core file, as a sentence; "" for nothing.
const char *target_warning(const struct target *target);

/// Reads bytes. Returns how many could be read, from the start on.
size_t target_read(struct target *target, uint64_t address, void *buffer, size_t size);
/// The same as an image_reader: `context` is the target.
size_t target_reader(void *context, uint64_t address, void *buffer, size_t size);
/// The same as a view_reader: whether all of them could be read.
bool target_read_all(void *context, uint64_t address, void *buffer, size_t size);
/// Bytes read so far.
uint64_t target_read_size(const struct target *target);

struct target_mapping {
    uint64_t start;
    uint64_t end;
    uint64_t offset;  ///< in the file
    const char *path; ///< as the process saw it; "" for none; "[stack]" and the like
    bool is_readable, is_writable, is_executable, is_shared;
    bool is_file; ///< of a file
};

/// The mappings, by address; valid until the target is stopped again or closed.
const struct target_mapping *target_mappings(const struct target *target, size_t *count);

// ---- Stopping -----------------------------------------------------------------------------------

/// Attaches to and stops every thread. True: no thread runs.
bool target_stop(struct target *target, struct target_error *error);
/// Lets all of them run for about 100 microseconds and stops them again.
bool target_resume_briefly(struct target *target, struct target_error *error);
/// Detaches from all threads: they go on. Nothing happens when it is not stopped.
void target_continue(struct target *target);
bool target_is_stopped(const struct target *target);

/// What is asked of the stopped process between two stops, perhaps from another thread of ours.
struct target_question {
    bool (*is_quiet)(void *context); ///< whether nobody is inside the allocator
    /// Whether the thread with this thread pointer is: only such threads are let go on then, which
    /// ends the matter however busy the process is.  NULL: all go on.
    bool (*is_inside)(void *context, uint64_t thread_pointer);
    void *context;
};
enum target_stop_result {
    TARGET_STOP_FAILED, ///< it runs; `error` says why
    TARGET_STOP_NOISY,  ///< it is stopped, but after all attempts somebody is still inside
    TARGET_STOP_QUIET,
};
/// Stops it, again and again until `is_quiet` says yes, or patience is at an end. In the end it is
/// stopped, unless that failed.
enum target_stop_result target_stop_quietly(
    struct target *target, const struct target_question *question, struct target_error *error);

/// How long the search for such a moment may take; hardly any process needs more than a few
/// milliseconds, but one whose threads do nothing but allocate does.
static const uint64_t TARGET_PATIENCE_NS = 250 * 1000 * 1000;
void target_set_patience(struct target *target, uint64_t patience_ns);

/// How long the process was stopped, all stops together and the present one included.
uint64_t target_pause_ns(const struct target *target);
/// Threads that were stopped.
size_t target_thread_count(const struct target *target);

/// Copies what may change as soon as the process goes on: what is resident of its private writable
/// memory.  target_read() answers from the copy from now on, also after target_continue().
/// `ranges`: only what lies there, by address, no two overlap; NULL: everything.
/// `limit`: bytes to copy at most; 0: half of the memory that this machine has free.
/// False: it is too much, or there is no memory for it; nothing changes.
bool target_keep_contents(
    struct target *target, const struct view_range *ranges, size_t range_count, uint64_t limit);
/// Makes the memory for this ready, which takes longer than copying: before the stop.  `size`:
/// about how much it will be; UINT64_MAX: everything.  False: as above.
bool target_prepare_contents(struct target *target, uint64_t size, uint64_t limit);

/// The first pages in [address, end) of a mapping without a file that may hold anything but zeros.
/// `*first` and `*last` get where they begin and end; `*first` is `end` when there are none.
void target_find_filled(
    void *target, uint64_t address, uint64_t end, uint64_t *first, uint64_t *last);

/// The bytes at an address, if they have been copied: as the image's hold().
const void *target_hold(void *context, uint64_t address, size_t *size);

/// Reads many pieces at once, as a view_bulk_reader: `context` is the target.
void target_read_many(void *context, struct view_piece *pieces, size_t count);

// ---- Images -------------------------------------------------------------------------------------

/// Fills everything of an image that is not heaps and needs no stop: process, mappings, modules,
/// read(); of a core file threads, too.  The image owns the target from now on: image_destroy()
/// closes it.  False: out of memory; the target stays the caller's.
bool target_fill_image(struct target *target, struct image *image);
/// While the process is stopped: threads with their registers. False: out of memory.
bool target_fill_threads(struct target *target, struct image *image);
/// After that: words of their vector registers that lead into a range. False: out of memory.
bool target_fill_vectors(
    struct target *target, struct image *image, const struct view_range *range);
/// What is better done once the process goes on again: the mappings as they were when it was
/// stopped, threads' names, sizes, how long it was stopped, how much was read. False: out of
/// memory.
bool target_finish_image(struct target *target, struct image *image);

#endif
