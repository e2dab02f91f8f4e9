// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "capture/tables.h"

// clang-format off
const struct snapshot_field string_fields[] = {
    SNAPSHOT_FIELD(1, string_row, length, VARINT, NUMBER),
    SNAPSHOT_FIELD(FIRST_NUMBER, string_row, first, VARINT, NUMBER),
    {0},
};

const struct snapshot_field frame_fields[] = {
    SNAPSHOT_FIELD(1, frame_row, parent, DELTA, NUMBER),
    SNAPSHOT_FIELD(2, frame_row, module, VARINT, NUMBER),
    SNAPSHOT_FIELD(3, frame_row, address, DELTA, NUMBER),
    SNAPSHOT_FIELD(FIRST_NUMBER, frame_row, first, VARINT, NUMBER),
    {0},
};

const struct snapshot_field stack_fields[] = {
    SNAPSHOT_FIELD(1, stack_row, frame, DELTA, NUMBER),
    SNAPSHOT_FIELD(FIRST_NUMBER, stack_row, first, VARINT, NUMBER),
    {0},
};

const struct snapshot_field image_module_fields[] = {
    SNAPSHOT_FIELD(1, image_module, start, DELTA, NUMBER),
    SNAPSHOT_FIELD(2, image_module, end, DELTA, NUMBER),
    SNAPSHOT_FIELD(3, image_module, bias, DELTA, NUMBER),
    SNAPSHOT_FIELD(4, image_module, path, VARINT, STRING),
    SNAPSHOT_BOUNDED(5, image_module, build_id_size, SNAPSHOT_BUILD_ID_SIZE),
    SNAPSHOT_FIELD(6, image_module, build_id, BYTES, NUMBER),
    {0},
};

const struct snapshot_field module_fields[] = {
    SNAPSHOT_FIELD(1, module_row, module.start, DELTA, NUMBER),
    SNAPSHOT_FIELD(2, module_row, module.end, DELTA, NUMBER),
    SNAPSHOT_FIELD(3, module_row, module.bias, DELTA, NUMBER),
    SNAPSHOT_FIELD(4, module_row, module.path, VARINT, STRING),
    SNAPSHOT_BOUNDED(5, module_row, module.build_id_size, SNAPSHOT_BUILD_ID_SIZE),
    SNAPSHOT_FIELD(6, module_row, module.build_id, BYTES, NUMBER),
    SNAPSHOT_FIELD(FIRST_NUMBER, module_row, first, VARINT, NUMBER),
    {0},
};
static_assert(sizeof(((struct image_module *)0)->build_id) == SNAPSHOT_BUILD_ID_SIZE,
    "rows of the modules have build-ids of this size");

const struct snapshot_field process_fields[] = {
    SNAPSHOT_FIELD(1, capture_process, process_id, VARINT, NUMBER),
    SNAPSHOT_FIELD(2, capture_process, parent_id, VARINT, NUMBER),
    SNAPSHOT_FIELD(3, capture_process, name, VARINT, STRING),
    SNAPSHOT_FIELD(4, capture_process, command_line, VARINT, STRING),
    SNAPSHOT_FIELD(5, capture_process, executable, VARINT, STRING),
    SNAPSHOT_FIELD(6, capture_process, host, VARINT, STRING),
    SNAPSHOT_FIELD(7, capture_process, mode, VARINT, STRING),
    SNAPSHOT_FIELD(8, capture_process, tool_version, VARINT, STRING),
    SNAPSHOT_FIELD(9, capture_process, sample_interval, VARINT, NUMBER),
    SNAPSHOT_FIELD(10, capture_process, started_at, VARINT, NUMBER),
    SNAPSHOT_FIELD(11, capture_process, ended_ns, VARINT, NUMBER),
    SNAPSHOT_FIELD(12, capture_process, event_count, VARINT, NUMBER),
    SNAPSHOT_FIELD(13, capture_process, lost_count, VARINT, NUMBER),
    SNAPSHOT_BOUNDED(14, capture_process, end, CAPTURE_DETACHED),
    SNAPSHOT_FIELD(15, capture_process, status, VARINT, NUMBER),
    {0},
};

const struct snapshot_field interval_fields[] = {
    SNAPSHOT_FIELD(1, interval_row, interval.start_ns, DELTA, NUMBER),
    SNAPSHOT_FIELD(2, interval_row, interval.end_ns, DELTA, NUMBER),
    SNAPSHOT_FIELD(3, interval_row, interval.allocated_count, VARINT, NUMBER),
    SNAPSHOT_FIELD(4, interval_row, interval.allocated_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(5, interval_row, interval.freed_count, VARINT, NUMBER),
    SNAPSHOT_FIELD(6, interval_row, interval.freed_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(7, interval_row, interval.temporary_count, VARINT, NUMBER),
    SNAPSHOT_FIELD(8, interval_row, interval.live_count, VARINT, NUMBER),
    SNAPSHOT_FIELD(9, interval_row, interval.live_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(10, interval_row, interval.peak_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(11, interval_row, interval.peak_ns, DELTA, NUMBER),
    SNAPSHOT_FIELD(12, interval_row, interval.resident_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(FIRST_NUMBER, interval_row, first, VARINT, NUMBER),
    {0},
};

const struct snapshot_field change_fields[] = {
    SNAPSHOT_FIELD(1, capture_change, interval, DELTA, INTERVAL),
    SNAPSHOT_FIELD(2, capture_change, stack, DELTA, STACK),
    SNAPSHOT_FIELD(3, capture_change, allocated_count, VARINT, NUMBER),
    SNAPSHOT_FIELD(4, capture_change, allocated_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(5, capture_change, freed_count, VARINT, NUMBER),
    SNAPSHOT_FIELD(6, capture_change, freed_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(7, capture_change, temporary_count, VARINT, NUMBER),
    SNAPSHOT_FIELD(8, capture_change, lifetime_ns, VARINT, NUMBER),
    {0},
};

const struct snapshot_field size_fields[] = {
    SNAPSHOT_FIELD(1, capture_size, size_min, DELTA, NUMBER),
    SNAPSHOT_FIELD(2, capture_size, size_max, DELTA, NUMBER),
    SNAPSHOT_FIELD(3, capture_size, allocated_count, VARINT, NUMBER),
    SNAPSHOT_FIELD(4, capture_size, allocated_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(5, capture_size, freed_count, VARINT, NUMBER),
    {0},
};

const struct snapshot_field image_fields[] = {
    SNAPSHOT_FIELD(1, image_row, image.process_id, VARINT, NUMBER),
    SNAPSHOT_FIELD(2, image_row, image.name, VARINT, STRING),
    SNAPSHOT_FIELD(3, image_row, image.command_line, VARINT, STRING),
    SNAPSHOT_FIELD(4, image_row, image.mode, VARINT, STRING),
    SNAPSHOT_FIELD(5, image_row, image.library_version, VARINT, STRING),
    SNAPSHOT_FIELD(6, image_row, image.taken_at, VARINT, NUMBER),
    SNAPSHOT_FIELD(7, image_row, image.time_ns, VARINT, NUMBER),
    SNAPSHOT_FIELD(8, image_row, image.pause_ns, VARINT, NUMBER),
    SNAPSHOT_FIELD(9, image_row, image.read_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(10, image_row, image.resident_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(11, image_row, image.sample_interval, VARINT, NUMBER),
    SNAPSHOT_BOUNDED(12, image_row, image.has_free_blocks, 1),
    SNAPSHOT_FIELD(13, image_row, source, VARINT, NUMBER),
    SNAPSHOT_BOUNDED(14, image_row, has_contents, 1),
    {0},
};

const struct snapshot_field heap_fields[] = {
    SNAPSHOT_FIELD(1, image_heap, handle, DELTA, NUMBER),
    SNAPSHOT_FIELD(2, image_heap, name, VARINT, STRING),
    SNAPSHOT_FIELD(3, image_heap, flags, VARINT, NUMBER),
    SNAPSHOT_FIELD(4, image_heap, checks, VARINT, NUMBER),
    SNAPSHOT_BOUNDED(5, image_heap, is_process_heap, 1),
    SNAPSHOT_BOUNDED(6, image_heap, is_debug_heap, 1),
    SNAPSHOT_BOUNDED(7, image_heap, is_recorded, 1),
    SNAPSHOT_BOUNDED(8, image_heap, is_exact, 1),
    SNAPSHOT_FIELD(9, image_heap, locked_by, VARINT, NUMBER),
    SNAPSHOT_FIELD(10, image_heap, maximum_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(11, image_heap, reserved_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(12, image_heap, committed_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(13, image_heap, resident_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(14, image_heap, busy_count, VARINT, NUMBER),
    SNAPSHOT_FIELD(15, image_heap, busy_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(16, image_heap, slack_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(17, image_heap, free_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(18, image_heap, cached_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(19, image_heap, largest_free_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(20, image_heap, large_count, VARINT, NUMBER),
    SNAPSHOT_FIELD(21, image_heap, large_size, VARINT, NUMBER),
    {0},
};

const struct snapshot_field region_fields[] = {
    SNAPSHOT_FIELD(1, region_row, heap, DELTA, HEAP),
    SNAPSHOT_FIELD(2, region_row, region.start, DELTA, NUMBER),
    SNAPSHOT_FIELD(3, region_row, region.end, DELTA, NUMBER),
    SNAPSHOT_FIELD(4, region_row, region.committed_end, DELTA, NUMBER),
    {0},
};

const struct snapshot_field block_fields[] = {
    SNAPSHOT_FIELD(1, block_row, block.address, DELTA, NUMBER),
    SNAPSHOT_FIELD(2, block_row, block.size, VARINT, NUMBER),
    SNAPSHOT_FIELD(3, block_row, block.time_ns, DELTA, NUMBER),
    SNAPSHOT_FIELD(4, block_row, detail.number, DELTA, NUMBER),
    SNAPSHOT_FIELD(5, block_row, detail.gap, VARINT, NUMBER),
    SNAPSHOT_FIELD(6, block_row, block.slack, VARINT, NUMBER),
    SNAPSHOT_FIELD(7, block_row, block.heap, VARINT, HEAP),
    SNAPSHOT_FIELD(8, block_row, block.stack, VARINT, STACK),
    SNAPSHOT_FIELD(9, block_row, block.thread_id, VARINT, NUMBER),
    SNAPSHOT_FIELD(10, block_row, detail.file, VARINT, STRING),
    {.column = 11, .offset = offsetof(struct block_row, detail.line), .size = 4,
        .encoding = SNAPSHOT_VARINT, .is_signed = 1},
    SNAPSHOT_FIELD(12, block_row, detail.type, VARINT, NUMBER),
    SNAPSHOT_FIELD(13, block_row, detail.subtype, VARINT, NUMBER),
    SNAPSHOT_BOUNDED(14, block_row, block.kind, IMAGE_DEBUG_FREED),
    SNAPSHOT_FIELD(15, block_row, block.flags, VARINT, NUMBER),
    SNAPSHOT_BOUNDED(16, block_row, block.class_, 4),
    SNAPSHOT_FIELD(17, block_row, detail.weight, VARINT, NUMBER),
    {0},
};

const struct snapshot_field damage_fields[] = {
    SNAPSHOT_FIELD(1, image_damage, heap, DELTA, NUMBER),
    SNAPSHOT_FIELD(2, image_damage, block, DELTA, NUMBER),
    SNAPSHOT_FIELD(3, image_damage, address, DELTA, NUMBER),
    SNAPSHOT_FIELD(4, image_damage, text, VARINT, STRING),
    {0},
};

const struct snapshot_field mapping_fields[] = {
    SNAPSHOT_FIELD(1, image_mapping, start, DELTA, NUMBER),
    SNAPSHOT_FIELD(2, image_mapping, end, DELTA, NUMBER),
    SNAPSHOT_FIELD(3, image_mapping, offset, VARINT, NUMBER),
    SNAPSHOT_FIELD(4, image_mapping, path, VARINT, STRING),
    SNAPSHOT_BOUNDED(5, image_mapping, is_readable, 1),
    SNAPSHOT_BOUNDED(6, image_mapping, is_writable, 1),
    SNAPSHOT_BOUNDED(7, image_mapping, is_executable, 1),
    SNAPSHOT_BOUNDED(8, image_mapping, is_shared, 1),
    {0},
};

#define REGISTER(number) SNAPSHOT_FIELD(32 + (number), image_thread, registers[number], VARINT, NUMBER)
#define REGISTERS(first)                                                                           \
    REGISTER((first)), REGISTER((first) + 1), REGISTER((first) + 2), REGISTER((first) + 3),        \
    REGISTER((first) + 4), REGISTER((first) + 5), REGISTER((first) + 6), REGISTER((first) + 7)

const struct snapshot_field thread_fields[] = {
    SNAPSHOT_FIELD(1, image_thread, id, DELTA, NUMBER),
    SNAPSHOT_FIELD(2, image_thread, name, VARINT, STRING),
    SNAPSHOT_FIELD(3, image_thread, stack_pointer, DELTA, NUMBER),
    SNAPSHOT_FIELD(4, image_thread, thread_pointer, DELTA, NUMBER),
    SNAPSHOT_BOUNDED(5, image_thread, register_count, 32),
    REGISTERS(0), REGISTERS(8), REGISTERS(16), REGISTERS(24),
    {0},
};
static_assert(sizeof(((struct image_thread *)0)->registers) == 32 * sizeof(uint64_t),
    "each register has a column");

const struct snapshot_field image_end_fields[] = {
    SNAPSHOT_FIELD(1, image_end_row, heap_count, VARINT, NUMBER),
    SNAPSHOT_FIELD(2, image_end_row, block_count, VARINT, NUMBER),
    {0},
};

const struct snapshot_field leader_fields[] = {
    SNAPSHOT_FIELD(1, leader_row, block, DELTA, NUMBER),
    SNAPSHOT_FIELD(2, leader_row, leader, DELTA, NUMBER),
    {0},
};

const struct snapshot_field content_fields[] = {
    SNAPSHOT_FIELD(1, content_row, address, DELTA, NUMBER),
    SNAPSHOT_FIELD(2, content_row, size, VARINT, NUMBER),
    SNAPSHOT_BOUNDED(3, content_row, kind, CONTENTS_ZERO),
    {0},
};

const struct snapshot_field index_fields[] = {
    SNAPSHOT_FIELD(1, index_row, offset, DELTA, NUMBER),
    SNAPSHOT_FIELD(2, index_row, section.type, VARINT, NUMBER),
    SNAPSHOT_FIELD(3, index_row, section.flags, VARINT, NUMBER),
    SNAPSHOT_FIELD(4, index_row, section.image, VARINT, NUMBER),
    SNAPSHOT_FIELD(5, index_row, section.count, VARINT, NUMBER),
    SNAPSHOT_FIELD(6, index_row, section.stored_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(7, index_row, section.raw_size, VARINT, NUMBER),
    SNAPSHOT_FIELD(8, index_row, section.checksum, VARINT, NUMBER),
    {0},
};
// clang-format on
