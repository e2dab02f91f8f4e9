// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * String building: many strings grow by realloc, by a few bytes at a time or by doubling, while
 * short ones come and go; now and then one is finished, cut to its length, kept for a while.
 */
#include "work.h"

enum {
    GROWING = 64,
    KEPT = 4096,
};

struct string {
    char *text;
    uint32_t length;
    uint32_t capacity;
    uint32_t final_length;
    bool is_doubling;
};

static void begin(struct string *string, struct bench_random *random)
{
    uint32_t kind = bench_random_below(random, 100);
    uint32_t limit = kind < 80 ? 400 : kind < 97 ? 20000 : 600000;
    *string = (struct string){
        .final_length = 16 + bench_random_below(random, limit), .is_doubling = kind % 2 == 0};
}

static void append(struct string *string, uint32_t amount)
{
    uint32_t needed = string->length + amount;
    if (needed > string->capacity) {
        string->capacity = string->is_doubling ? 2 * needed : needed;
        string->text = realloc(string->text, string->capacity);
        if (string->text == NULL) {
            bench_fail("out of memory");
        }
    }
    memset(string->text + string->length, 'x', amount);
    string->length = needed;
}

static void work(struct member *member)
{
    struct string growing[GROWING];
    char **kept = bench_map(KEPT * sizeof(char *));
    for (uint32_t i = 0; i < GROWING; i++) {
        begin(&growing[i], &member->random);
    }
    for (uint32_t i = 0; i < member->count; i++) {
        struct string *string = &growing[bench_random_below(&member->random, GROWING)];
        char *word = take(1 + bench_random_below(&member->random, 40));
        append(string, 1 + bench_random_below(&member->random, string->final_length / 16 + 8));
        free(word);
        if (string->length >= string->final_length) {
            char **place = &kept[bench_random_below(&member->random, KEPT)];
            free(*place);
            *place = realloc(string->text, string->length);
            begin(string, &member->random);
        }
    }
    for (uint32_t i = 0; i < KEPT; i++) {
        free(kept[i]);
    }
    for (uint32_t i = 0; i < GROWING; i++) {
        free(growing[i].text);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {.thread_count = 1, .count = 4000000};
    bench_parse(argc, argv, &options);
    crew_run(&options, work, NULL);
    return 0;
}
