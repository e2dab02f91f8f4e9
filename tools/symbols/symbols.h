// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Names of addresses: functions, source files and lines of the modules of an image.
 *
 * Files are found as the process saw them (through /proc/PID/root while it lives) and believed only
 * where their build-id is the one that was recorded.  Names come from the debug information of the
 * file, else of a separate file (by build-id, by .gnu_debuglink, below /usr/lib/debug; what dwz
 * took out of it, too), else from the symbol tables, .gnu_debugdata included; else there is the
 * module and the offset in it.  What is missing is said once for each module, through `note`.
 *
 * Everything is looked up once: the answer for an address, and for a stack, is kept, and so are all
 * strings, until symbols_destroy().
 *
 * Threads: one at a time.
 */
#ifndef SYMBOLS_SYMBOLS_H
#define SYMBOLS_SYMBOLS_H

#include "image/image.h"

struct symbols_options {
    bool is_off;                 ///< module and offset only; no file is opened
    bool can_download;           ///< --debuginfod; without it DEBUGINFOD_URLS is unset
    bool has_short_templates;    ///< "vector<...>" for "vector<int, std::allocator<int> >"
    size_t name_limit;           ///< bytes of a function's name; longer: "..."; 0: 4000
    const char *debug_directory; ///< is looked into before /usr/lib/debug; NULL: none
    /// Says what is missing, one sentence without a newline. NULL: nothing is said.
    void (*note)(void *context, const char *text);
    void *context;
};

/// For the options of verbs that show names: symbols_open() understands them.
#define SYMBOLS_OPTION_NONE                                                                        \
    {                                                                                              \
        "no-symbols", 0, NULL, "modules and offsets only: no file is opened"                       \
    }
#define SYMBOLS_OPTION_DEBUGINFOD                                                                  \
    {                                                                                              \
        "debuginfod", 0, NULL,                                                                     \
            "Fetch debug files that are not here from the servers that DEBUGINFOD_URLS names"      \
    }

/// One function at an address. An address in code that was inlined has several.
struct symbol_frame {
    const char *function; ///< demangled; "": unknown
    const char *linkage;  ///< the name that the linker knows; "": unknown
    const char *plain;    ///< as the debug information has it, without scopes; "": unknown
    const char *file;     ///< source file, with its directory; "": unknown
    const char
        *short_file;    ///< the same, as seen from here or from where it was compiled, or `file`
    const char *module; ///< path of the file, as the process saw it; "": none is there
    const char *module_name;  ///< the last part of it
    uint64_t address;         ///< as it was asked for
    uint64_t offset;          ///< the address in the module's own terms, as addr2line takes it
    uint64_t function_offset; ///< of the address in its function; 0 for inlined ones
    int line;                 ///< 0: unknown
    bool is_inlined;          ///< into the function of the next frame
    bool is_allocator;        ///< malloc, operator new, and what is inside of Halde
    bool is_system; ///< of the C, C++ or Rust run-time library or its headers, or like xmalloc()
    bool is_start;  ///< before main(), or of a thread's start
    uint64_t hash;  ///< over the name without what compilers add, and the module's name
};

/// A stack with names, innermost first: all inlined functions, as frames of their own.
struct symbol_stack {
    const struct symbol_frame *const *frames;
    size_t count;
    size_t first; ///< frames before it are the allocator's own; count: there are no others
    size_t site;  ///< the innermost from there on that is the program's own; else `first`
    size_t end;   ///< frames from there on are before main(); first <= site < end <= count
    /// Over functions and module names of frames first...end - 1, at most SYMBOLS_HASH_FRAMES:
    /// the same wherever the modules were loaded, and in most builds of the same source. 0: no
    /// stack.
    uint64_t hash;
};

enum {
    SYMBOLS_HASH_FRAMES = 16,
};

struct symbols;
struct json;

/// @param image    must outlive the symbols
/// @param options  NULL: defaults, and nothing is said
struct symbols *symbols_create(const struct image *image, const struct symbols_options *options);
struct cli;
/// As a verb's options say; what is missing is said as notes.
struct symbols *symbols_open(const struct cli *cli, const struct image *image);
/// NULL is allowed.
void symbols_destroy(struct symbols *symbols);

/**
 * What is at an address of code.
 *
 * @param is_return  the address is a return address: the call before it is meant
 * @param frames     gets the innermost of `count` frames that lie one behind the other
 * @return count, at least 1: what is not known has a frame with module and offset only
 */
size_t symbols_find(
    struct symbols *symbols, uint64_t address, bool is_return, const struct symbol_frame **frames);

/// A stack of the image, by number: return addresses. Never NULL; an unknown stack has no frames.
const struct symbol_stack *symbols_stack(struct symbols *symbols, uint32_t stack);

/// The one frame that tells most of a stack: frames[site]. NULL: there are no frames.
const struct symbol_frame *symbols_site(struct symbols *symbols, uint32_t stack);

/**
 * The variable (or function) that contains an address, by the symbol tables.
 *
 * @param offset  gets the address's distance to its start
 * @return its demangled name; NULL: no symbol there
 */
const char *symbols_variable(struct symbols *symbols, uint64_t address, uint64_t *offset);

/**
 * A frame as one word: "function", or "libfoo.so.1+0x1234".
 *
 * @return `buffer`
 */
char *symbols_name(const struct symbol_frame *frame, char *buffer, size_t size);

/**
 * Where a frame is, as one word: "src/conn.c:212", or, with no line known, "libfoo.so.1+0x1234".
 *
 * @param is_full  the file's whole path
 * @return `buffer`
 */
char *symbols_place(const struct symbol_frame *frame, bool is_full, char *buffer, size_t size);

/// Writes frames `first` to `end` - 1 of a stack as the key "stack" of an open object.
void symbols_put_stack(
    struct json *json, const struct symbol_stack *stack, size_t first, size_t end);

#endif
