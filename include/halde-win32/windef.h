// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file windef.h
 * Drop-in <windef.h>: the basic types.
 */
#ifndef HALDE_WIN32_WINDEF_H
#define HALDE_WIN32_WINDEF_H

#include "minwindef.h"

#endif
