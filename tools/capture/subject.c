// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "capture/subject.h"

#include <stdlib.h>

bool subject_open(const struct cli *cli, const char *what, int flags, struct subject *subject)
{
    *subject = (struct subject){0};
    if (!capture_is_snapshot(what)) {
        subject->image = open_image(cli, what, cli_value(cli, "executable"), flags);
        return subject->image != NULL;
    }
    char *error = NULL;
    subject->capture = capture_open(what, &error);
    if (!subject->capture) {
        cli_error(cli, "%s", error);
        free(error);
        return false;
    }
    if (subject->capture->warning) {
        cli_note(cli, "%s: %s", what, subject->capture->warning);
    }
    subject->image = subject->capture->image;
    subject->capture->image = NULL;
    return true;
}

void subject_close(struct subject *subject)
{
    image_destroy(subject->image);
    capture_close(subject->capture);
    *subject = (struct subject){0};
}

uint64_t subject_block_size(const struct image_block *block)
{
    bool is_sampled = (block->flags & IMAGE_BLOCK_IS_SAMPLED) && block->weight > block->size;
    return is_sampled ? block->weight : block->size;
}

uint64_t subject_block_count(const struct image_block *block)
{
    uint64_t size = block->size ? block->size : 1;
    return (subject_block_size(block) + size / 2) / size
               ? (subject_block_size(block) + size / 2) / size
               : 1;
}
