/* SPDX-FileCopyrightText: 2026 The Halde authors */
/* SPDX-License-Identifier: MIT */

/**
 * @file io.h
 * Drop-in <io.h>: _get_osfhandle(), for reports into a file of the program.
 */
#ifndef HALDE_WIN32_IO_H
#define HALDE_WIN32_IO_H

#include "halde_crt_strings.h"

#endif
