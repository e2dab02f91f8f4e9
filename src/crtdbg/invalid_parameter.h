// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What happens to a parameter that a function of the API documents as invalid.
 *
 * In a debug program an assertion is reported by the condition's text; then, always, errno is set
 * and the handler of the thread, else of the process, is called; without a handler the process
 * ends. When the call returns, the function fails with its documented value.
 */
#ifndef CRTDBG_INVALID_PARAMETER_H
#define CRTDBG_INVALID_PARAMETER_H

#include "base/compiler.h"

/// `expression` as it stands in the specification: "state != nullptr". `error` becomes errno.
void invalid_parameter(
    const char *expression, const char *function, const char *file, int line, int error);

#define INVALID_PARAMETER(expression, error)                                                       \
    invalid_parameter((expression), __func__, __FILE_NAME__, __LINE__, (error))

#endif
