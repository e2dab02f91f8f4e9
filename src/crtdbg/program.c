// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/program.h"

#include "engine/engine.h"

#include <string.h>

// Defined by <crtdbg.h> in the program's debug units.
extern int halde_debug_heap_wanted __attribute__((weak, visibility("default")));

AT_START bool program_is_debug(void)
{
    if (&halde_debug_heap_wanted != NULL && halde_debug_heap_wanted != 0) {
        return true;
    }
    const char *mode = engine_option("mode");
    return mode != NULL && strcmp(mode, "crt") == 0;
}
