// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** Pages that fault: addresses that nobody may dereference, buffers whose end is watched. */
#ifndef SUPPORT_FAULT_PAGE_H
#define SUPPORT_FAULT_PAGE_H

#include <stdbool.h>
#include <stddef.h>

/** A mapped page without any access. Never released. */
void *fault_page(void);

/** An address where nothing is mapped (until somebody maps it). */
void *unmapped_page(void);

/** `size` readable and writable bytes that end exactly at a page without access. Never released. */
void *bytes_before_fault(size_t size);

/** Reads one byte at `address` and tells whether that faulted. One thread at a time. */
bool read_faults(const void *address);

/** Writes the byte that is there again and tells whether that faulted. One thread at a time. */
bool write_faults(void *address);

#endif
