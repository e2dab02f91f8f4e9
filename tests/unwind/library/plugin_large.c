// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#define FRAME_SIZE 4120
#include "plugin_frame.h"
