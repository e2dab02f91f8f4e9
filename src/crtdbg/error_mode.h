// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Where assert() writes: _set_error_mode().
 */
#ifndef CRTDBG_ERROR_MODE_H
#define CRTDBG_ERROR_MODE_H

#include "base/compiler.h"

/// Whether it is a window. Every program counts as one with a console.
bool error_mode_is_window(void);

#endif
