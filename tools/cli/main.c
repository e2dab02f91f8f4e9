// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "cli/dispatch.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv);
}
