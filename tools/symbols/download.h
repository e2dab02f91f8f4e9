// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Debug files from servers, by build-id, for modules whose files are not here.  What elfutils looks
 * for by itself is fetched by itself.  The library that does it need not be installed.
 */
#ifndef SYMBOLS_DOWNLOAD_H
#define SYMBOLS_DOWNLOAD_H

#include <stddef.h>

/// Asks the servers of DEBUGINFOD_URLS. Returns a descriptor; -1: there is none.
int download_debug_file(const unsigned char *build_id, size_t size);

#endif
