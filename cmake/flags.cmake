# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Language, warnings and build switches of everything that is compiled in this tree.

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)

# NDEBUG is never defined: it would empty the tests' assertions.  The library's own are CONFIG_DEBUG.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
set(CMAKE_C_FLAGS_DEBUG "-Og -g3")

set(HALDE_WARNINGS
  -Wall -Wextra -Wundef -Wconversion -Wshadow -Wcast-qual -Wmissing-prototypes -Wvla -Wpointer-arith
  $<$<C_COMPILER_ID:Clang>:-Wthread-safety>
  $<$<BOOL:${HALDE_WERROR}>:-Werror>)

set(HALDE_SANITIZE_FLAGS "")
if(HALDE_SANITIZE)
  set(HALDE_SANITIZE_FLAGS
    -fsanitize=${HALDE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
endif()
if(HALDE_SANITIZE MATCHES "thread" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
  # gcc says of every fence that the tool does not model it.  The fences are executed all the same; and what
  # one thread may see of another rests on release and acquire, which it does model.
  list(APPEND HALDE_SANITIZE_FLAGS -Wno-tsan)
endif()
if(HALDE_COVERAGE)
  list(APPEND HALDE_SANITIZE_FLAGS --coverage -fprofile-update=atomic)
endif()

set(is_asan 0)
set(is_tsan 0)
if(HALDE_SANITIZE MATCHES "address")
  set(is_asan 1)
elseif(HALDE_SANITIZE MATCHES "thread")
  set(is_tsan 1)
endif()

# The sanitizers and valgrind bring a malloc of their own, which finds more than ours could under them:
# there libhalde holds what libhalde-heap holds.
set(has_malloc ON)
if(is_asan OR is_tsan OR HALDE_VALGRIND)
  set(has_malloc OFF)
endif()

# A build switch is always 0 or 1, so that `if (CONFIG_X)` compiles both arms.
# CONFIG_FAULT_INJECTION is the one that differs between two libraries of a build: see libraries.cmake.
set(HALDE_CONFIG
  _GNU_SOURCE
  CONFIG_ASAN=${is_asan}
  CONFIG_TSAN=${is_tsan}
  CONFIG_DEBUG=$<BOOL:${HALDE_DEBUG}>
  CONFIG_UNGUARDED=$<BOOL:${HALDE_UNGUARDED}>)

# halde_flags(<target> [FAULT_INJECTION]): what every target of this tree has in common.
function(halde_flags target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "FAULT_INJECTION" "" "")
  target_compile_definitions(${target} PRIVATE
    ${HALDE_CONFIG} CONFIG_FAULT_INJECTION=$<BOOL:${arg_FAULT_INJECTION}>)
  target_compile_options(${target} PRIVATE ${HALDE_WARNINGS} ${HALDE_SANITIZE_FLAGS})
  target_link_options(${target} PRIVATE ${HALDE_SANITIZE_FLAGS})
endfunction()
