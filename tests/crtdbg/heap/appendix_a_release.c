// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Appendix A in a release build: nothing is tracked, nothing is reported, everything compiles.

#undef _DEBUG
#include "appendix_a.c" // NOLINT(bugprone-suspicious-include)
