// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "reach/copies.h"

#include "base/bits.h"
#include "os/os.h"
#include "reach/pages.h"

#include <string.h>

enum {
    PLACES_MIN = 16
};

static size_t choose_place_count(uint64_t range_size, size_t limit)
{
    const uint64_t wanted = (range_size >> COPY_LINE_SHIFT) + 2;
    size_t count = PLACES_MIN;
    while (count < wanted && (2 * count) << COPY_LINE_SHIFT <= limit) {
        count *= 2;
    }
    return count;
}

bool copies_init(struct copies *copies, const struct copies_source *source)
{
    const size_t count = choose_place_count(source->range_size, source->limit);
    const size_t lines_size = bits_round_up(count * sizeof(struct copy_line), COPY_LINE_SIZE);
    *copies = (struct copies){
        .read = source->read,
        .hold = source->hold,
        .context = source->context,
        .direct = source->direct,
        .place_count = count,
        .memory_size = lines_size + (count << COPY_LINE_SHIFT),
    };
    uint8_t *memory = pages_take(copies->memory_size);
    if (memory == NULL) {
        return false;
    }
    if (source->is_dense && source->hold == NULL) {
        os_want_huge_pages(memory, copies->memory_size);
    }
    copies->lines = (struct copy_line *)(void *)memory;
    copies->bytes = memory + lines_size;
    return true;
}

void copies_release(struct copies *copies)
{
    pages_give_back(copies->lines, copies->memory_size);
    copies->lines = NULL;
}

// Bytes from an address to the end of its page.
static size_t rest_of_page(uint64_t address)
{
    const size_t page_size = os_page_size();
    return page_size - (size_t)(address & (page_size - 1));
}

size_t copies_read_through(struct copies *copies, uint64_t address, void *buffer, size_t size)
{
    uint8_t *bytes = buffer;
    size_t done = 0;
    size_t read_size = 0;
    while (done < size) {
        const size_t left = size - done;
        const size_t got = copies->read(copies->context, address + done, bytes + done, left);
        done += size_min(got, left);
        read_size += size_min(got, left);
        if (done == size) {
            break;
        }
        // Behind the page that cannot be read it may go on.
        size_t hole = size_min(rest_of_page(address + done), size - done);
        hole = copies_are_exhausted(copies) ? size - done : hole;
        copies->hole_size += hole;
        memset(bytes + done, 0, hole);
        done += hole;
    }
    copies->read_size += read_size;
    return read_size;
}

// The bytes of a line, where all of it is here; NULL: it is not.
static const uint8_t *held_line(const struct copies *copies, uint64_t address)
{
    size_t size = 0;
    const void *bytes = copies->hold == NULL ? NULL : copies->hold(copies->context, address, &size);
    return size >= COPY_LINE_SIZE ? bytes : NULL;
}

void copies_fill(struct copies *copies, uint64_t line, size_t place)
{
    const uint64_t address = line << COPY_LINE_SHIFT;
    const uint8_t *held = held_line(copies, address);
    if (held == NULL) {
        uint8_t *bytes = copies->bytes + (place << COPY_LINE_SHIFT);
        copies_read_through(copies, address, bytes, COPY_LINE_SIZE);
        held = bytes;
    } else {
        copies->read_size += COPY_LINE_SIZE;
    }
    copies->lines[place] = (struct copy_line){line + 1, held};
}

void copies_peek(struct copies *copies, uint64_t kept, uint64_t address, void *buffer, size_t size)
{
    const uint64_t line = address >> COPY_LINE_SHIFT;
    const uint64_t kept_line = kept >> COPY_LINE_SHIFT;
    if (copies_are_needless(copies, address) && copies_are_needless(copies, address + size - 1)) {
        memcpy(buffer, (const void *)(uintptr_t)address, size);
        return;
    }
    const bool has_one_line = (address + size - 1) >> COPY_LINE_SHIFT == line;
    const bool is_in_the_way = ((line ^ kept_line) & (copies->place_count - 1)) == 0;
    if (!has_one_line || (is_in_the_way && line != kept_line)) {
        copies_read_through(copies, address, buffer, size);
        return;
    }
    size_t available;
    memcpy(buffer, copies_at(copies, address, &available), size);
}
