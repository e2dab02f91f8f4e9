// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * halde(1), but for the list of verbs, which is made of the tables.
 */
#ifndef CLI_MAN_OVERVIEW_H
#define CLI_MAN_OVERVIEW_H

/// Up to the list.
extern const char man_overview_head[];
/// Behind it.
extern const char man_overview_tail[];

#endif
