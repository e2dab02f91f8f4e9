# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Targets that are no products.

add_custom_target(libraries)
foreach(target IN LISTS HALDE_INSTALLED_TARGETS)
  get_target_property(type ${target} TYPE)
  if(NOT type STREQUAL "INTERFACE_LIBRARY")
    add_dependencies(libraries ${target})
  endif()
endforeach()

add_custom_target(lint
  COMMAND bash "${PROJECT_SOURCE_DIR}/scripts/lint.sh" "${PROJECT_BINARY_DIR}"
  USES_TERMINAL VERBATIM)

if(HALDE_COVERAGE)
  find_program(GCOVR gcovr)
  if(NOT GCOVR)
    message(FATAL_ERROR "gcovr is not installed: apt-get install gcovr")
  endif()
  add_custom_target(coverage-report
    COMMAND ${GCOVR} --root "${PROJECT_SOURCE_DIR}" --filter "${PROJECT_SOURCE_DIR}/src/"
      --exclude-unreachable-branches
      --txt "${PROJECT_BINARY_DIR}/coverage.txt" --html-details "${PROJECT_BINARY_DIR}/coverage.html"
      --print-summary "${PROJECT_BINARY_DIR}"
    USES_TERMINAL VERBATIM)
endif()
