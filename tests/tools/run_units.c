// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The parts of `halde run`: sums, names of files, and what is read from a process that writes
// anything.

#include "check.h"
#include "image/image.h"
#include "reach/reach.h"
#include "record/channel.h"
#include "run/counts.h"
#include "run/feed.h"
#include "run/names.h"
#include "run/previews.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- Counts -------------------------------------------------------------------------------------

static void test_size_groups(void)
{
    EXPECT_SIZE((uint64_t)size_group_min(0), 0);
    for (size_t i = 0; i + 1 < SIZE_GROUPS - 4; i++) {
        EXPECT_SIZE((uint64_t)size_group_max(i) + 1, size_group_min(i + 1));
    }
    struct counts counts;
    counts_init(&counts, 1000, 0);
    const uint64_t sizes[] = {0, 1, 3, 4, 7, 8, 100, 4096, 4097, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        counts_add_allocated(&counts, 1, sizes[i]);
        for (size_t group = 0; group < SIZE_GROUPS; group++) {
            bool is_here = counts.sizes[group].allocated_count > 0;
            bool is_right = sizes[i] >= size_group_min(group) && sizes[i] <= size_group_max(group);
            EXPECT_TRUE(group >= SIZE_GROUPS - 4 || is_here == is_right);
            counts.sizes[group].allocated_count = 0;
        }
    }
    counts_release(&counts);
}

static void test_sums(void)
{
    struct counts counts;
    counts_init(&counts, 100000, 0);
    counts_add_freed(&counts, 99999, 10, 500, true); // the free of another thread comes first
    counts_add_allocated(&counts, 99999, 10);
    counts_add_allocated(&counts, 7, 1000);
    counts_add_allocated(&counts, 123456789, 5); // no stack has this number
    EXPECT_SIZE((uint64_t)counts.live_count, 2);
    EXPECT_SIZE((uint64_t)counts.live_size, 1005);
    EXPECT_SIZE((uint64_t)counts.count, 3);
    EXPECT_SIZE((uint64_t)counts.changed_count, 3);
    counts_end_interval(&counts);
    EXPECT_SIZE((uint64_t)counts.changed_count, 0);
    EXPECT_SIZE((uint64_t)counts.peak_size, 1005);
    EXPECT_SIZE((uint64_t)counts.before.allocated_count, 3);
    EXPECT_SIZE((uint64_t)counts.before.temporary_count, 1);
    EXPECT_SIZE((uint64_t)counts.before.lifetime_ns, 500);
    counts_add_freed(&counts, 7, 1000, 1, false);
    EXPECT_SIZE((uint64_t)counts.changed_count, 1);
    EXPECT_SIZE((uint64_t)counts.live_size, 5);
    counts_release(&counts);
}

// A sampled block stands for others; its free takes away what it has added.
static void test_samples(void)
{
    struct counts counts;
    counts_init(&counts, 1000, 512 << 10);
    counts_add_allocated(&counts, 1, 16);
    EXPECT_TRUE(counts.live_count > 32000 && counts.live_count < 33500);
    counts_add_freed(&counts, 1, 16, 0, false);
    EXPECT_SIZE((uint64_t)counts.live_count, 0);
    EXPECT_SIZE((uint64_t)counts.live_size, 0);
    counts_add_allocated(&counts, 1, 100 << 20); // always picked
    EXPECT_SIZE((uint64_t)counts.live_count, 1);
    counts_release(&counts);
}

// Blocks of the interval's size stand for 1.58 blocks each: none of these is lost to rounding.
static void test_sample_rests(void)
{
    struct counts counts;
    counts_init(&counts, 1000, 4096);
    for (int i = 0; i < 10000; i++) {
        counts_add_allocated(&counts, (uint32_t)i % 3, 4096);
    }
    EXPECT_TRUE(llabs((long long)counts.live_count - 15820) <= 3);
    EXPECT_TRUE(llabs((long long)counts.live_size - 15820LL * 4096) <= 3 * 4096);
    for (int i = 10000; i-- > 0;) {
        counts_add_freed(&counts, (uint32_t)i % 3, 4096, 0, false);
    }
    EXPECT_SIZE((uint64_t)counts.live_count, 0);
    EXPECT_SIZE((uint64_t)counts.live_size, 0);
    counts_release(&counts);
}

// ---- Names --------------------------------------------------------------------------------------

static void check_name(const char *pattern, const char *expected)
{
    char *name = capture_name(pattern, "/usr/bin/tool", 42);
    EXPECT_TRUE(strcmp(name, expected) == 0);
    free(name);
}

static void test_names(void)
{
    char bad;
    check_name(NULL, "tool.42.halde");
    check_name(NULL, "tool.42.halde.2");
    check_name("a%%b-%e-%p", "a%b-tool-42");
    check_name("n%n", "n1");
    check_name("n%n", "n2");
    EXPECT_TRUE(capture_pattern_is_valid("%e.%p.%h.%t.%n.%%", &bad));
    EXPECT_TRUE(!capture_pattern_is_valid("x%q", &bad) && bad == 'q');
    EXPECT_TRUE(!capture_pattern_is_valid("x%", &bad));
}

// ---- Feed ---------------------------------------------------------------------------------------

static struct channel_event *event_at(const struct feed *feed, size_t ring, uint64_t position)
{
    const struct channel_header *header = feed->header;
    struct channel_event *events =
        (struct channel_event *)(void *)((char *)feed->header + header->events_offset);
    return &events[(ring << header->ring_shift) + (position & ((1u << header->ring_shift) - 1))];
}

static void put(const struct feed *feed, uint64_t position, uint64_t word, uint64_t size)
{
    struct channel_event *event = event_at(feed, 0, position);
    event->size = size;
    event->word = word | channel_lap(position, feed->header->ring_shift);
}

static void test_events(void)
{
    struct feed feed;
    struct counts counts;
    EXPECT_TRUE(feed_init(&feed, 0, false));
    counts_init(&counts, feed_stack_limit(&feed), 0);
    EXPECT_TRUE(!feed_drain(&feed, &counts));
    const uint64_t laps = 3;
    uint64_t count = laps << feed.header->ring_shift;
    for (uint64_t i = 0; i < count; i++) {
        put(&feed, i, (uint64_t)CHANNEL_ALLOCATED << CHANNEL_KIND_BIT | 5, 2);
        if (i % 1000 == 0) {
            while (feed_drain(&feed, &counts)) {
            }
        }
    }
    while (feed_drain(&feed, &counts)) {
    }
    EXPECT_SIZE((uint64_t)counts.live_count, count);
    EXPECT_SIZE((uint64_t)counts.items[0].now.allocated_size, 2 * count);
    EXPECT_SIZE((uint64_t)feed.odd_count, 0);
    counts_release(&counts);
    feed_release(&feed);
}

static uint64_t state = 88172645463325252u;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

// Whatever stands in the channel, nothing is read outside of it, and a look comes to its end.
static void test_hostile(void)
{
    struct feed feed;
    struct feed copy;
    struct counts counts;
    EXPECT_TRUE(feed_init(&feed, (uint64_t)256 << 20, false)); // a small one
    EXPECT_TRUE(feed_init(&copy, (uint64_t)256 << 20, false));
    counts_init(&counts, feed_stack_limit(&feed), 0);
    unsigned char *bytes = (unsigned char *)feed.header;
    for (unsigned round = 0; round < 300; round++) {
        for (unsigned i = 0; i < 4000; i++) {
            bool is_near = i % 4 == 0;
            size_t offset = (size_t)(next_random() % (is_near ? 1024 * 1024 : feed.size));
            uint64_t value = next_random() >> (next_random() % 64);
            memcpy(bytes + (offset & ~(size_t)7), &value, sizeof(value));
        }
        for (unsigned i = 0; i < 10; i++) {
            feed_drain(&feed, &counts);
        }
        uint64_t frames[8];
        for (unsigned i = 0; i < 1000; i++) {
            size_t count = feed_stack(&feed, (uint32_t)next_random(), frames, 8);
            EXPECT_TRUE(count <= 8);
        }
        feed_question(&feed);
        feed_copy_stacks(&copy, &feed);
        feed_answer(&feed);
    }
    feed_say_goodbye(&feed);
    counts_release(&counts);
    feed_release(&feed);
    feed_release(&copy);
}

// ---- Previews -----------------------------------------------------------------------------------

static const unsigned char MEMORY[64] = "sixteen bytes, and more than sixteen bytes";

static size_t read_memory(void *context, uint64_t address, void *buffer, size_t size)
{
    EXPECT_TRUE(context == MEMORY);
    const size_t offset = (size_t)(address - 0x1000);
    const size_t left = offset < sizeof(MEMORY) ? sizeof(MEMORY) - offset : 0;
    size = size < left ? size : left;
    memcpy(buffer, MEMORY + offset, size);
    return size;
}

static void read_memory_bulk(void *reader, struct view_piece *pieces, size_t count)
{
    (void)pieces;
    (void)count;
    EXPECT_TRUE(reader == MEMORY);
}

static void find_filled(
    void *reader, uint64_t address, uint64_t end, uint64_t *first, uint64_t *last)
{
    EXPECT_TRUE(reader == MEMORY);
    *first = address;
    *last = end;
}

static void test_previews(void)
{
    struct image *image = image_create();
    const struct image_block blocks[] = {
        {.address = 0x1000, .size = 40, .class_ = REACH_DEFINITE},
        {.address = 0x1028, .size = 4, .class_ = REACH_REACHABLE},
        {.address = 0x1030, .size = 9, .class_ = REACH_DEFINITE},
    };
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        ASSERT_TRUE(image_add_block(image, &blocks[i], NULL));
    }
    image->read = read_memory;
    image->read_many = read_memory_bulk;
    image->find_filled = find_filled;
    image->reader = (void *)(uintptr_t)MEMORY;
    previews_keep(image, 1U << REACH_DEFINITE);
    char bytes[64];
    EXPECT_SIZE(image_read(image, 0x1000, bytes, sizeof(bytes)), 16);
    EXPECT_TRUE(memcmp(bytes, "sixteen bytes, a", 16) == 0);
    EXPECT_SIZE(image_read(image, 0x1028, bytes, 4), 0);
    EXPECT_SIZE(image_read(image, 0x1030, bytes, sizeof(bytes)), 9);
    // The process's reader has gone, so nothing may ask it any more.
    EXPECT_TRUE(image->read_many == NULL);
    EXPECT_TRUE(image->find_filled == NULL);
    EXPECT_TRUE(image->hold == NULL);
    image_destroy(image);
}

int main(void)
{
    test_size_groups();
    test_sums();
    test_samples();
    test_sample_rests();
    test_names();
    test_events();
    test_hostile();
    test_previews();
    return test_result();
}
