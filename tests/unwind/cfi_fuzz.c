// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Damaged call frame information.  For libFuzzer, or as a test: the program's own .eh_frame, with
// bytes changed at random.  Nothing outside of the bytes may be read (each input is a block of its
// own size), and every answer must be one that the walker can use.
//
// An input: where the code lies that is asked about (4 bytes, from the image's start), then the
// image.

#include "image.h"

#include "check.h"
#include "unwind/arch.h"
#include "unwind/modules.h"

#include <stdlib.h>

#ifndef CONFIG_LIBFUZZER
#define CONFIG_LIBFUZZER 0
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct cfi_row *row)
{
    bool is_usable = row->cfa <= CFI_CFA_ODD && row->cfa_register < CFI_REGISTER_COUNT &&
                     row->return_register < CFI_REGISTER_COUNT;
    for (size_t i = 0; i < CFI_REGISTER_COUNT; i++) {
        is_usable &=
            row->registers[i].where <= CFI_ODD && row->registers[i].other < CFI_REGISTER_COUNT;
    }
    enum rule_kind kind = rule_kind(arch_rule(row));
    if (!is_usable || kind == RULE_NONE || kind > RULE_END) {
        abort();
    }
}

static size_t found_count;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t offset;
    if (size <= sizeof(offset)) {
        return 0;
    }
    memcpy(&offset, data, sizeof(offset));
    size_t image_size = size - sizeof(offset);
    uint8_t *copy = malloc(image_size);
    if (copy == NULL) {
        return 0;
    }
    memcpy(copy, data + sizeof(offset), image_size);
    uintptr_t start = (uintptr_t)copy;
    struct cfi_image image = {.header = start, .window = start, .window_end = start + image_size};
    struct cfi_row row;
    if (cfi_find(&image, start + (uintptr_t)(intptr_t)(int32_t)offset, &row) == CFI_FOUND) {
        judge(&row);
        found_count++;
    }
    free(copy);
    return 0;
}

#if !CONFIG_LIBFUZZER

static uint64_t random_state;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

// The beginning of an input's image, and where its code is.
struct source {
    const uint8_t *bytes;
    size_t size;
    uint32_t code;
    uint32_t code_size;
};

// An image from the program's own: its index, and what of .eh_frame fits behind it.
static struct source own_image(void)
{
    struct module module;
    bool is_noted;
    ASSERT_TRUE(modules_find((uintptr_t)own_image, &module, &is_noted));
    ASSERT_TRUE(module.image.header != 0);
    size_t size = module.image.window_end - module.image.header;
    return (struct source){.bytes = (const uint8_t *)module.image.header,
        .size = size < 60000 ? size : 60000,
        .code = (uint32_t)((uintptr_t)own_image - module.image.header),
        .code_size = 4096};
}

static void run_inputs(const struct source *source, size_t count, size_t damage_max)
{
    size_t size = sizeof(uint32_t) + source->size;
    uint8_t *input = malloc(size);
    ASSERT_NOT_NULL(input);
    found_count = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t code = source->code + (uint32_t)(random_next() % source->code_size);
        memcpy(input, &code, sizeof(code));
        memcpy(input + sizeof(code), source->bytes, source->size);
        size_t damage = damage_max == 0 ? 0 : random_next() % damage_max;
        for (size_t j = 0; j < damage; j++) {
            input[sizeof(code) + random_next() % source->size] = (uint8_t)random_next();
        }
        size_t cut = random_next() % 8 == 0 ? random_next() % size : size;
        LLVMFuzzerTestOneInput(input, cut);
    }
    free(input);
    EXPECT_AT_LEAST(found_count, 1);
    test_note("%zu inputs of %zu bytes, %zu rows found", count, source->size, found_count);
}

int main(int argc, char **argv)
{
    random_state = argc > 1 ? strtoull(argv[1], NULL, 0) | 1 : UINT64_C(0x9e3779b97f4a7c15);
    static const uint8_t COMMON[] = {0x0c, 7, 8, 0x90, 1};
    static const uint8_t PROGRAM[] = {0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x0a, 0x5c, 0x0c, 7,
        8, 0x41, 0x0b, 0x0f, 3, 0x76, 0x78, 0x06, 0x10, 6, 2, 0x76, 0, 0x41, 0x0f, 11, 0x77, 8,
        0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22, 0x16, 3, 4, 0x12, 0x13, 0x23, 8, 0x02, 4,
        0x09, 3, 6};
    static struct image image;
    image_build(&image, COMMON, sizeof(COMMON), PROGRAM, sizeof(PROGRAM), false);
    struct source small = {
        .bytes = image.bytes, .size = image.size, .code = IMAGE_CODE, .code_size = IMAGE_CODE_SIZE};
    struct source own = own_image();
    run_inputs(&small, 20000, 0);
    run_inputs(&small, 200000, 6);
    run_inputs(&own, 300, 0);
    run_inputs(&own, 3000, 400);
    return test_result();
}

#endif
