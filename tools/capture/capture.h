// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Snapshots and captures: the files of docs/snapshot-format.md.  A snapshot holds an image; a
 * capture, written by `halde run`, has the course of the allocations too, and an image of the end.
 * Both are the same format and the same functions.
 *
 * WRITING is a stream.  Every function that writes leaves the file good up to there, whatever
 * happens to the writer next; nothing is written twice and nothing is moved.  A failure (disk full)
 * is kept: later calls do nothing, capture_writer_close() tells it.
 *
 * Strings and stacks have numbers of the file, from 1 on.  A caller gets them by handing in the
 * text or the frames; equal ones get equal numbers, and they are written before what names them.
 *
 * READING trusts nothing.  What can be read of a cut or damaged file is given, with a sentence that
 * says what is missing.
 *
 * Threads: one at a time for each object.
 */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include "image/image.h"

// ---- What a capture has besides an image --------------------------------------------------------

enum capture_end {
    CAPTURE_RUNNING,  ///< not known to have ended
    CAPTURE_EXITED,   ///< `status` is the exit code
    CAPTURE_KILLED,   ///< `status` is the signal
    CAPTURE_REPLACED, ///< by exec
    CAPTURE_DETACHED, ///< recording ended before the process did
};

/// The process that was recorded. Strings: numbers of the file (writing), of the image (reading).
struct capture_process {
    uint32_t process_id;
    uint32_t parent_id;
    uint32_t name;
    uint32_t command_line;
    uint32_t executable;      ///< path
    uint32_t host;            ///< name of the machine
    uint32_t mode;            ///< "off", "sample", "exact", "crt"
    uint32_t tool_version;    ///< of who wrote
    uint64_t sample_interval; ///< bytes; 0: every block
    uint64_t started_at;      ///< seconds since 1970
    uint64_t ended_ns;        ///< the capture's clock when it ended; 0: not known
    uint64_t event_count;
    uint64_t lost_count; ///< events that are not in the numbers
    uint32_t end;        ///< enum capture_end
    uint32_t status;
};

/// A piece of time, on the capture's clock (ns since the start of recording). What is counted is
/// what happened in it; sizes are user sizes.
struct capture_interval {
    uint64_t start_ns;
    uint64_t end_ns;
    uint64_t allocated_count;
    uint64_t allocated_size;
    uint64_t freed_count;
    uint64_t freed_size;
    uint64_t temporary_count; ///< of the freed: no other allocation of the thread came between
    uint64_t live_count;      ///< at its end
    uint64_t live_size;
    uint64_t peak_size;     ///< highest live size in it
    uint64_t peak_ns;       ///< when
    uint64_t resident_size; ///< of the process, at its end; 0: not known
};

/// What happened to the blocks of one stack in an interval. Frees count for the stack that had
/// allocated.
struct capture_change {
    uint32_t interval; ///< index, filled in by the writer
    uint32_t stack;
    uint64_t allocated_count;
    uint64_t allocated_size;
    uint64_t freed_count;
    uint64_t freed_size;
    uint64_t temporary_count;
    uint64_t lifetime_ns; ///< sum over the freed
};

/// Allocations of the whole run whose user size was `size_min` to `size_max`.
struct capture_size {
    uint64_t size_min;
    uint64_t size_max;
    uint64_t allocated_count;
    uint64_t allocated_size;
    uint64_t freed_count;
};

// ---- Writing ------------------------------------------------------------------------------------

struct capture_writer;

/**
 * Begins a file. A regular file of that name is replaced; who has it open keeps the old one.
 *
 * @param path   "-": the standard output
 * @param error  gets a sentence without a full stop, to be freed; "cannot create a.halde: ..."
 * @return NULL: it could not be created
 */
struct capture_writer *capture_writer_open(const char *path, char **error);
/// The same on a descriptor, which capture_writer_close() closes.
struct capture_writer *capture_writer_open_fd(int fd, char **error);

/// Numbers of the file. 0 for "", NULL and no frames; frames are innermost first.
uint32_t capture_writer_string(struct capture_writer *writer, const char *text);
uint32_t capture_writer_stack(struct capture_writer *writer, const uint64_t *frames, size_t count);

/// Says which modules there are, so that frames are kept as module and offset. May be called again
/// as they become more; known ones are not written again. `path` is a number of the file.
void capture_write_modules(
    struct capture_writer *writer, const struct image_module *modules, size_t count);

/// Writes strings and stacks that got numbers since the last call. The others below do it, too.
void capture_write_stacks(struct capture_writer *writer);

/// May be called again: the last one counts.
void capture_write_process(struct capture_writer *writer, const struct capture_process *process);

/// Writes an interval and its changes (stack numbers of the file). Intervals follow one another.
void capture_write_timeline(struct capture_writer *writer, const struct capture_interval *interval,
    const struct capture_change *changes, size_t change_count);

/// Allocations by size, over the whole run. May be called again: the last call counts.
void capture_write_sizes(
    struct capture_writer *writer, const struct capture_size *sizes, size_t count);

enum {
    CAPTURE_CONTENTS =
        1 << 0, ///< bytes of the blocks and of what may point to them, by image->read
};

/// Writes an image, which may hold any number of blocks. May be called again: the last whole one is
/// what readers take. With contents the file becomes the owner's alone.
void capture_write_image(struct capture_writer *writer, const struct image *image, int flags);

/// Whether everything was written so far.
bool capture_writer_is_good(const struct capture_writer *writer);
/// Bytes of the file so far.
uint64_t capture_writer_size(const struct capture_writer *writer);

/// Writes the index: nothing is written behind it. capture_writer_close() does it otherwise.
void capture_writer_end(struct capture_writer *writer);

/**
 * Writes the index and closes.
 *
 * @param error  gets a sentence, to be freed, if the file is not whole; may be NULL
 * @return whether it is
 */
bool capture_writer_close(struct capture_writer *writer, char **error);

// ---- Reading ------------------------------------------------------------------------------------

/// A file that was read.
struct capture {
    struct image *image; ///< never NULL; strings and stacks below are numbers of it
    bool has_image;      ///< it holds an image of the heaps; else there are no blocks
    bool has_process;    ///< `process` is known
    struct capture_process process;
    struct capture_interval *intervals; ///< in order of time
    size_t interval_count;
    struct capture_change *changes; ///< by interval
    size_t change_count;
    struct capture_size *sizes; ///< by size
    size_t size_count;
    bool has_contents; ///< image_read() can answer
    char *warning;     ///< what is missing, without a full stop; NULL: nothing
    uint64_t file_size;
};

/// Whether a file begins as a snapshot does. False for what cannot be read.
bool capture_is_snapshot(const char *path);

/**
 * Reads a file. Contents stay in it and are read when they are asked for.
 *
 * @param error  gets a sentence without a full stop, to be freed, when NULL is returned
 */
struct capture *capture_open(const char *path, char **error);
/// NULL is allowed. The image goes too, unless it was taken.
void capture_close(struct capture *capture);

/// Why there are no blocks to look at, as a sentence to be freed; NULL: there are.
char *capture_missing_image(const struct capture *capture, const char *path);

/**
 * Reads the image of a file only: what verbs work on.
 *
 * @param message  NULL was returned: why (it may have no image); else what is missing of the file,
 * or NULL; to be freed
 */
struct image *capture_load(const char *path, char **message);

/// Bytes that a reader may use for what it holds in memory; 0: half of the machine's.
void capture_set_memory_limit(uint64_t size);

#endif
