// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Places in the program that something has been said about already: what a loop does a million
 * times is reported once.
 *
 * Threads: any, without a lock.  There is room for a thousand places; from then on nothing is new.
 */
#ifndef CRTDBG_SITES_H
#define CRTDBG_SITES_H

#include "base/compiler.h"

/// What is said: each has its own list of places.
enum site_topic {
    SITE_BOUNDS,
    SITE_FAMILY,
};

/// Whether this is the first time that a call which returns to `caller` is named here.
/// NULL is always new.
bool site_is_new(const void *caller, enum site_topic topic);

#endif
