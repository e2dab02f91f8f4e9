/* SPDX-FileCopyrightText: 2026 The Halde authors */
/* SPDX-License-Identifier: MIT */

/**
 * @file direct.h
 * Drop-in <direct.h>: the current folder.
 */
#ifndef HALDE_WIN32_DIRECT_H
#define HALDE_WIN32_DIRECT_H

#include "halde_crt_strings.h"

#endif
