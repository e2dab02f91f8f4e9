// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The heap image: what the heaps of a process held at one moment, wherever it was read from.  Every
 * verb that looks works on an image, so a live process, a core file and a snapshot answer alike.
 *
 * An image owns its memory.  Strings are numbers into one table, 0 being "unknown" everywhere; the
 * same goes for stacks.  Blocks are ordered by address.  Nothing in it is trusted: makers check
 * what they read, and numbers that lead nowhere never get in.
 */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum image_source {
    IMAGE_LIVE,
    IMAGE_CORE,
    IMAGE_SNAPSHOT,
};

enum image_block_kind {
    IMAGE_BUSY,        ///< in the program's hands
    IMAGE_FREE,        ///< free range or free block of a span
    IMAGE_CACHED,      ///< free, in a thread's magazine
    IMAGE_UNCOMMITTED, ///< reserved only
    IMAGE_DEBUG_FREED, ///< freed in debug mode, kept: delayed free or quarantine
};

enum image_block_flags {
    IMAGE_BLOCK_IN_SPAN = 1 << 0, ///< of a span of one size class
    IMAGE_BLOCK_LARGE = 1 << 1,   ///< has slices of its own
    IMAGE_BLOCK_IN_MIXED = 1 << 2,
    IMAGE_BLOCK_IS_DEBUG = 1 << 3,   ///< of the debug heap: type, number, file and line are known
    IMAGE_BLOCK_IS_IGNORED = 1 << 4, ///< debug heap: _IGNORE_BLOCK
    IMAGE_BLOCK_IS_SAMPLED = 1 << 5, ///< stands for image_detail.weight bytes
    IMAGE_BLOCK_HAS_USER_INFO = 1 << 6,
};

struct image_block {
    uint64_t address;   ///< first byte of the user's data; of a free element: its first byte
    uint64_t size;      ///< user size; of anything but a busy block: all its bytes
    uint64_t time_ns;   ///< when it was allocated, on the image's clock; 0: unknown
    uint32_t slack;     ///< bytes of the engine's block behind `address` + `size`
    uint32_t heap;      ///< index of its heap
    uint32_t stack;     ///< number of the allocating stack; 0: unknown
    uint32_t thread_id; ///< of who allocated it; 0: unknown
    uint32_t detail;    ///< image_detail(); 0: all of that is 0
    uint8_t kind;       ///< enum image_block_kind
    uint8_t flags;      ///< enum image_block_flags
    uint8_t class_;     ///< enum reach_class of a leak search; 0: not searched
    uint8_t reserved;
};
// An image has one for each block of a process, often millions.
static_assert(sizeof(struct image_block) == 48, "whatever only some blocks have, is a detail");

/// What only blocks of the debug heap and sampled ones have.
struct image_detail {
    uint64_t number;  ///< request number; 0: none
    uint32_t gap;     ///< bytes of the engine's block before `address`
    uint32_t file;    ///< source file given at allocation; 0: none
    int32_t line;     ///< there
    uint32_t weight;  ///< sampled block: bytes that it stands for; else 0
    uint16_t type;    ///< debug heap: _NORMAL_BLOCK ... as in crtdbg.h
    uint16_t subtype; ///< debug heap: of a client block
    uint32_t reserved;
};

struct image_region {
    uint64_t start;
    uint64_t end;
    uint64_t committed_end;
};

struct image_heap {
    uint64_t handle;
    uint32_t name;  ///< "process", "debug", or empty
    uint32_t flags; ///< HALDE_HEAP_*
    uint32_t checks;
    bool is_process_heap;
    bool is_debug_heap;
    bool is_recorded;      ///< its blocks may have stacks, threads and times
    bool is_exact;         ///< no operation was under way in it
    uint32_t locked_by;    ///< thread that holds its lock; 0: nobody
    uint64_t maximum_size; ///< bytes; 0: growable
    uint64_t reserved_size;
    uint64_t committed_size;
    uint64_t resident_size; ///< UINT64_MAX: unknown
    uint64_t busy_count;
    uint64_t busy_size;
    uint64_t slack_size; ///< bytes that busy blocks have beyond what was asked for
    uint64_t free_size;  ///< committed and free
    uint64_t cached_size;
    uint64_t largest_free_size;
    uint64_t large_count;
    uint64_t large_size;
    uint32_t region_count;
    struct image_region *regions;
};

/// Something in a heap that is not as it must be.
struct image_damage {
    uint64_t heap;    ///< handle
    uint64_t block;   ///< address of the block; 0: none in particular
    uint64_t address; ///< where; 0: unknown
    uint32_t text;    ///< one sentence
};

struct image_stack {
    uint32_t first; ///< index into frames
    uint32_t count; ///< frames, innermost first
};

/// An executable or library.
struct image_module {
    uint64_t start;
    uint64_t end;
    uint64_t bias; ///< address in the process - address in the file
    uint32_t path; ///< as the process saw it
    uint8_t build_id[20];
    uint8_t build_id_size; ///< bytes; 0: unknown
};

/// A mapping, as in /proc/PID/maps.
struct image_mapping {
    uint64_t start;
    uint64_t end;
    uint64_t offset;
    uint32_t path; ///< 0: anonymous
    uint8_t is_readable, is_writable, is_executable, is_shared;
};

struct image_thread {
    uint32_t id;
    uint32_t name;
    uint64_t stack_pointer;
    uint64_t thread_pointer;
    uint64_t
        registers[32]; ///< general registers, then what `words` has no need to hold, in any order
    uint32_t register_count;
};

/// A word of a thread's vector registers that may be a pointer.
struct image_word {
    uint64_t word;
    uint32_t thread; ///< index
};

/// Reads bytes of the process. Returns how many were read, from the start on.
typedef size_t (*image_reader)(void *context, uint64_t address, void *buffer, size_t size);
struct image;
struct view_piece;

/// Which blocks are kept while an image is made of a live process.
struct image_choice {
    bool (*is_wanted)(void *context, const struct image *image, const struct image_block *block);
    void *context;
};

struct image {
    enum image_source source;
    uint32_t process_id;
    uint32_t name;            ///< of the program
    uint32_t command_line;    ///< arguments, separated by blanks
    uint32_t mode;            ///< "off", "sample", "exact", "crt"
    uint32_t library_version; ///< string: "0.2.0"
    uint64_t taken_at;        ///< seconds since 1970
    uint64_t time_ns;         ///< the image's clock when it was taken; 0: no clock
    uint64_t pause_ns;        ///< how long the process was stopped; 0: it was not
    uint64_t read_size;       ///< bytes that were read of it
    uint64_t resident_size;   ///< of the whole process; 0: unknown
    uint64_t sample_interval;
    uint64_t engine_start; ///< all that the engine has reserved: heaps, and what it knows of them
    uint64_t engine_end;   ///< 0: not known

    struct image_heap *heaps;
    size_t heap_count;
    struct image_block *blocks; ///< by address; busy ones and, if asked for, all others
    size_t block_count;
    size_t block_capacity;
    struct image_detail *details; ///< number 0 is all 0
    size_t detail_count;
    size_t detail_capacity;
    bool has_free_blocks;              ///< `blocks` has them too
    const struct image_choice *choice; ///< while it is made; NULL: all blocks
    /// By index of the block, after a leak search: of an indirect one the index of the definite
    /// block that leads to it, else its own. NULL: none was made. From malloc(); the image owns it.
    uint32_t *leaders;

    struct image_damage *damages;
    size_t damage_count;
    struct image_module *modules; ///< by address
    size_t module_count;
    struct image_mapping *mappings; ///< by address
    size_t mapping_count;
    struct image_thread *threads;
    size_t thread_count;
    struct image_word *words; ///< of vector registers: those that `threads` had no room for
    size_t word_count;

    struct image_stack *stacks; ///< number 0 is the unknown stack, with no frame
    size_t stack_count;
    uint64_t *frames;
    size_t frame_count;

    char *strings; ///< all of them, each ends with 0; a string's number is its offset; 0 is ""
    size_t string_size;
    size_t string_capacity;

    image_reader read; ///< NULL: contents cannot be had
    /// Many pieces at once, as a view_bulk_reader; NULL: one by one.
    void (*read_many)(void *reader, struct view_piece *pieces, size_t count);
    /// Of a mapping without a file: the first pages in [address, end) that may hold anything but
    /// zeros; `*first` is `end` when there are none.  NULL: nobody knows.
    void (*find_filled)(
        void *reader, uint64_t address, uint64_t end, uint64_t *first, uint64_t *last);
    /// The bytes at an address, if they are here already: they stay.  `*size`: how many follow one
    /// another.  NULL, as pointer or answer: they are not.
    const void *(*hold)(void *reader, uint64_t address, size_t *size);
    void *reader;
    void (*release_reader)(void *reader);
};

/// An empty image. NULL: out of memory.
struct image *image_create(void);
/// NULL is allowed.
void image_destroy(struct image *image);

/// Keeps a string; equal strings may get equal numbers. 0: out of memory, or "".
uint32_t image_add_string(struct image *image, const char *text);
/// The string of a number; "" for 0 and for numbers that are none.
const char *image_string(const struct image *image, uint32_t number);

/// Each adds a copy and keeps the order that the struct tells, at the latest after image_sort().
/// False: out of memory.  Arrays without a capacity are this file's to resize: nobody else puts an
/// array there, unless nothing is added to it afterwards.
bool image_add_heap(struct image *image, const struct image_heap *heap);
/// `detail`: what else is known of the block, which gets its number; NULL: nothing.
bool image_add_block(
    struct image *image, const struct image_block *block, const struct image_detail *detail);
bool image_add_module(struct image *image, const struct image_module *module);
bool image_add_mapping(struct image *image, const struct image_mapping *mapping);
bool image_add_thread(struct image *image, const struct image_thread *thread);
/// Adds a word of a thread's vector registers: to its registers, if there is room.
bool image_add_word(struct image *image, const struct image_word *word);
bool image_add_damage(struct image *image, const struct image_damage *damage);
/// Takes the block that was added last away.
void image_drop_block(struct image *image);
/// What else is known of a block; all 0: nothing. Never NULL.
const struct image_detail *image_detail(const struct image *image, const struct image_block *block);
/// Keeps a stack and returns its number; 0: out of memory, or no frames.
uint32_t image_add_stack(struct image *image, const uint64_t *frames, size_t count);
/// The frames of a stack; NULL and 0 for 0 and for numbers that are none.
const uint64_t *image_frames(const struct image *image, uint32_t stack, size_t *count);

/// Puts blocks, modules and mappings in order.
void image_sort(struct image *image);
/// The busy block that contains an address, its gap and slack included; NULL: none.
const struct image_block *image_block_at(const struct image *image, uint64_t address);
const struct image_module *image_module_at(const struct image *image, uint64_t address);

/// Reads contents of the process. Returns how many bytes could be read, from the start on.
size_t image_read(const struct image *image, uint64_t address, void *buffer, size_t size);

#endif
