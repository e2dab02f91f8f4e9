// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// ENV: HALDE_OPTIONS=mode=crt
// STDERR: MISMATCHED RELEASE: Normal block (#@) at 0x@, 7 bytes long, was allocated by malloc and is released by operator delete.
// STDERR:     at crtdbg.checked.families
// STDERR: MISMATCHED RELEASE: Normal block (#@) at 0x@, 4 bytes long, was allocated by operator new and is released by free.
// STDERR:     at crtdbg.checked.families
// STDERR: MISMATCHED RELEASE: Normal block (#@) at 0x@, 12 bytes long, was allocated by operator new[] and is released by operator delete.
// STDERR:     at crtdbg.checked.families
// STDERR: MISMATCHED RELEASE: Normal block (#@) at 0x@, 8 bytes long, was allocated by operator new and is released by operator delete[].
// STDERR:     at crtdbg.checked.families
// STDERR: MISMATCHED RELEASE: Normal block (#@) at 0x@, 6 bytes long, was allocated by malloc and is released by operator delete[].
// STDERR:     at crtdbg.checked.families
// STDERR: MISMATCHED RELEASE: Normal block (#@) at 0x@, 10 bytes long, is released as one of 11 bytes.
// STDERR:     at crtdbg.checked.families
// STDERR: MISMATCHED RELEASE: Normal block (#@) at 0x@, 10 bytes long, was allocated with an alignment of 64 and is released with one of 128 (0: the usual).
// STDERR:     at crtdbg.checked.families
// STDERR: MISMATCHED RELEASE: Normal block (#@) at 0x@, 10 bytes long, was allocated with an alignment of 64 and is released with one of 0 (0: the usual).
// STDERR:     at crtdbg.checked.families
// STDERR: MISMATCHED RELEASE: Normal block (#@) at 0x@, 16 bytes long, was allocated by operator new and is released by realloc.
// STDERR:     at crtdbg.checked.families
// STDERR: MISMATCHED RELEASE: Normal block (#@) at 0x@, 20 bytes long, was allocated by operator new and is released by free.
// STDERR:     at crtdbg.checked.families
// clang-format on

// Blocks that go back another way than they came.  Each is freed all the same: no leak is listed.

#include <cstdlib>
#include <new>

int main()
{
    operator delete(std::malloc(7));
    std::free(operator new(4));
    operator delete(operator new[](12));
    operator delete[](operator new(8));
    operator delete[](std::calloc(2, 3));
    operator delete(operator new(10), static_cast<std::size_t>(11));
    operator delete(operator new(10, std::align_val_t(64)), std::align_val_t(128));
    operator delete(operator new(10, std::align_val_t(64)));
    std::free(std::realloc(operator new(16), 20));
    for (int i = 0; i < 3; i++) {
        operator delete(operator new(5)); // as it should be
    }
    return 0;
}
