// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: none before: 1
// STDERR: it is there: 1
// STDERR: handler: no 4611686018427387904 bytes
// STDERR: handler: no 4611686018427387904 bytes
// STDERR: handler: no 4611686018427387904 bytes
// STDERR: std::bad_alloc after 3 calls
// STDERR: malloc in mode 0: 3 calls
// STDERR: mode before: 0
// STDERR: handler: no 4611686018427387904 bytes
// STDERR: handler: no 4611686018427387904 bytes
// STDERR: malloc in mode 1: 3 calls
// STDERR: without handler: 3 calls
// clang-format on

// _set_new_handler, _set_new_mode, _query_new_handler: a function that is called when memory is
// short, by new always, by malloc() in mode 1; as long as it returns 1 the allocation is tried
// again.

#include "documented.h"

#include <cstdlib>
#include <new.h>
#include <new>

namespace
{

const std::size_t TOO_MUCH = std::size_t(1) << 62;
int calls;

int __cdecl handle(std::size_t size)
{
    calls++;
    say("handler: no %zu bytes\n", size);
    return calls < 3;
}

void *volatile kept; // that the compiler leaves no allocation out

} // namespace

int main()
{
    report_to_stderr();
    say("none before: %d\n", _set_new_handler(handle) == nullptr);
    say("it is there: %d\n", _query_new_handler() == handle);
    try {
        kept = operator new(TOO_MUCH);
    } catch (const std::bad_alloc &error) {
        say("%s after %d calls\n", error.what(), calls);
    }
    kept = std::malloc(TOO_MUCH);
    say("malloc in mode 0: %d calls\n", calls);
    calls = 1;
    say("mode before: %d\n", _set_new_mode(1));
    kept = std::malloc(TOO_MUCH);
    say("malloc in mode 1: %d calls\n", calls);
    _set_new_handler(nullptr);
    try {
        kept = operator new(TOO_MUCH);
    } catch (const std::bad_alloc &) {
        say("without handler: %d calls\n", calls);
    }
    return 0;
}
