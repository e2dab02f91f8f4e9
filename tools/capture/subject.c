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

bool subject_has_blocks(const struct cli *cli, const char *what, const struct subject *subject)
{
    char *missing = subject->capture != NULL ? capture_missing_image(subject->capture, what) : NULL;
    bool has_blocks = missing == NULL;
    if (!has_blocks) {
        cli_error(cli, "%s", missing);
    }
    free(missing);
    return has_blocks;
}

void subject_close(struct subject *subject)
{
    image_destroy(subject->image);
    capture_close(subject->capture);
    *subject = (struct subject){0};
}
