// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What an image has of a target besides heaps.

#include "cli/memory.h"
#include "image/image.h"
#include "target/internal.h"
#include "target/modules.h"
#include "target/process.h"
#include "target/target.h"
#include "target/vectors.h"
#include "view/view.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void close_reader(void *context)
{
    target_close(context);
}

static bool add_modules(struct target *target, struct image *image)
{
    size_t count;
    struct target_module *modules = modules_find(target, &count);
    bool is_good = true;
    for (size_t i = 0; i < count && is_good; i++) {
        const char *path =
            target->core != NULL ? core_file_path(target->core, modules[i].path) : modules[i].path;
        struct image_module module = {
            .start = modules[i].start,
            .end = modules[i].end,
            .bias = modules[i].bias,
            .path = image_add_string(image, path),
            .build_id_size = modules[i].build_id_size,
        };
        static_assert(sizeof(module.build_id) == sizeof(modules[i].build_id), "the same");
        memcpy(module.build_id, modules[i].build_id, sizeof(module.build_id));
        is_good = image_add_module(image, &module);
    }
    modules_destroy(modules, count);
    return is_good;
}

static bool add_mappings(struct target *target, struct image *image)
{
    size_t count;
    const struct target_mapping *mappings = target_mappings(target, &count);
    uint32_t path = 0;
    image->mapping_count = 0;
    for (size_t i = 0; i < count; i++) {
        // A file's mappings mostly follow one another.
        if (i == 0 || strcmp(mappings[i].path, mappings[i - 1].path) != 0) {
            path = image_add_string(image, mappings[i].path);
        }
        struct image_mapping mapping = {
            .start = mappings[i].start,
            .end = mappings[i].end,
            .offset = mappings[i].offset,
            .path = path,
            .is_readable = mappings[i].is_readable,
            .is_writable = mappings[i].is_writable,
            .is_executable = mappings[i].is_executable,
            .is_shared = mappings[i].is_shared,
        };
        if (!image_add_mapping(image, &mapping)) {
            return false;
        }
    }
    return true;
}

static bool add_thread(struct image *image, pid_t id, const char *name, bool has_registers,
    const struct arch_registers *registers, uint64_t thread_pointer)
{
    struct image_thread thread = {.id = (uint32_t)id, .name = image_add_string(image, name)};
    static_assert(
        (size_t)ARCH_REGISTER_COUNT <= sizeof(thread.registers) / sizeof(uint64_t), "room");
    if (has_registers) {
        thread.register_count = ARCH_REGISTER_COUNT;
        memcpy(thread.registers, registers->values, sizeof(registers->values));
        thread.stack_pointer = registers->values[ARCH_STACK_POINTER];
        thread.thread_pointer = thread_pointer;
    }
    return image_add_thread(image, &thread);
}

static bool add_core_threads(const struct target *target, struct image *image)
{
    size_t count;
    const struct core_thread *threads = core_threads(target->core, &count);
    for (size_t i = 0; i < count; i++) {
        const struct arch_registers *registers = &threads[i].registers;
        if (!add_thread(image, threads[i].id, core_name(target->core), true, registers,
                arch_thread_pointer(0, registers))) {
            return false;
        }
    }
    return true;
}

bool target_fill_image(struct target *target, struct image *image)
{
    bool is_live = target->core == NULL;
    char *command_line = is_live ? process_command_line(target->reached)
                                 : must_copy_text(core_arguments(target->core));
    image->source = is_live ? IMAGE_LIVE : IMAGE_CORE;
    image->process_id = (uint32_t)target->pid;
    image->name = image_add_string(image, target->name);
    image->command_line = image_add_string(image, command_line);
    free(command_line);
    image->taken_at = is_live ? (uint64_t)time(NULL) : core_time(target->core);
    if (!add_mappings(target, image) || !add_modules(target, image) ||
        (!is_live && !add_core_threads(target, image))) {
        return false;
    }
    image->read = target_reader;
    image->read_many = target_read_many;
    image->find_filled = target_find_filled;
    image->hold = target_hold;
    image->reader = target;
    image->release_reader = close_reader;
    return true;
}

bool target_fill_threads(struct target *target, struct image *image)
{
    if (target->core != NULL) {
        return true; // done
    }
    target_note_mappings(target);
    image->thread_count = 0;
    for (size_t i = 0; i < target->stop.count; i++) {
        const struct stop_thread *thread = &target->stop.threads[i];
        if (thread->state == STOP_GONE) {
            continue;
        }
        if (!add_thread(image, thread->id, "", thread->has_registers, &thread->registers,
                thread->thread_pointer)) {
            return false;
        }
    }
    return true;
}

struct adding {
    struct image *image;
    struct view_range range;
    uint32_t next; // index of the thread to look at first: both lists have the same order
    bool is_good;
};

static void add_words(
    void *context, const struct stop_thread *thread, const void *registers, size_t size)
{
    struct adding *adding = context;
    struct image *image = adding->image;
    uint64_t words[VECTORS_MAX];
    size_t count = vectors_choose(registers, size, adding->range.start, adding->range.end, words);
    uint32_t index = adding->next;
    while (index < image->thread_count && image->threads[index].id != (uint32_t)thread->id) {
        index++;
    }
    for (size_t i = 0; i < count && index < image->thread_count; i++) {
        const struct image_word word = {words[i], index};
        adding->is_good = image_add_word(image, &word) && adding->is_good;
    }
    adding->next = index < image->thread_count ? index + 1 : adding->next;
}

bool target_fill_vectors(struct target *target, struct image *image, const struct view_range *range)
{
    struct adding adding = {image, *range, 0, true};
    if (target->core == NULL) {
        stop_visit_vectors(&target->stop, add_words, &adding);
        return adding.is_good;
    }
    size_t count;
    const struct core_thread *threads = core_threads(target->core, &count);
    for (size_t i = 0; i < count; i++) {
        const struct stop_thread thread = {.id = threads[i].id};
        if (threads[i].vectors != NULL) {
            add_words(&adding, &thread, threads[i].vectors, threads[i].vectors_size);
        }
    }
    return adding.is_good;
}

bool target_finish_image(struct target *target, struct image *image)
{
    image->read_size = target->read_size;
    image->pause_ns = target_pause_ns(target);
    if (target->core != NULL) {
        return true;
    }
    for (size_t i = 0; i < image->thread_count; i++) {
        char name[32];
        process_thread_name(target->pid, (pid_t)image->threads[i].id, name);
        image->threads[i].name = image_add_string(image, name);
    }
    image->resident_size = process_resident_bytes(target->reached);
    target_note_mappings(target);
    if (target->stopped_maps != NULL) {
        target_use_noted_mappings(target);
        return add_mappings(target, image);
    }
    return true;
}
