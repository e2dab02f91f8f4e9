// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * _crtAssertBusy: how many assertions are being reported, less one.
 */
#ifndef CRTDBG_REPORT_BUSY_H
#define CRTDBG_REPORT_BUSY_H

#include "base/compiler.h"

void report_busy_begin(void);
void report_busy_end(void);

#endif
