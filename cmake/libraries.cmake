# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# The libraries.  Sources are found by folder; the folder decides what a file may include.

find_package(Threads REQUIRED)

file(GLOB engine_sources CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/src/base/*.c"
  "${PROJECT_SOURCE_DIR}/src/os/*.c"
  "${PROJECT_SOURCE_DIR}/src/engine/*.c")
file(GLOB win32_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/win32/*.c")
set(wmain_source "${PROJECT_SOURCE_DIR}/src/win32/wmain.c")
list(REMOVE_ITEM win32_sources "${wmain_source}")

# Objects go into static and shared libraries alike, so they are compiled once, position-independent.
# Initial-exec: a thread's record is one load from %fs; the library is never dlopen()ed late with much TLS.
set(library_options
  -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-semantic-interposition)

# halde_objects(<name> <FAULT_INJECTION or empty>): object libraries <name>-engine and <name>-win32.
# Only win32 sees the drop-in headers: the engine knows no Windows type.
function(halde_objects name variant)
  add_library(${name}-engine OBJECT ${engine_sources})
  add_library(${name}-win32 OBJECT ${win32_sources})
  foreach(target IN ITEMS ${name}-engine ${name}-win32)
    halde_flags(${target} ${variant})
    target_compile_options(${target} PRIVATE ${library_options})
    target_include_directories(${target} PRIVATE
      "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
  endforeach()
  target_include_directories(${name}-win32 PRIVATE "${PROJECT_SOURCE_DIR}/include/halde-win32")
endfunction()

# halde_library(<target> <static|shared> <file name> <objects>): a library of the objects, as it is installed.
function(halde_library target kind file_name objects)
  string(TOUPPER ${kind} type)
  add_library(${target} ${type}
    $<TARGET_OBJECTS:${objects}-engine> $<TARGET_OBJECTS:${objects}-win32>)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${file_name} LINKER_LANGUAGE C)
  target_include_directories(${target} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  if(kind STREQUAL static)
    target_link_libraries(${target} PUBLIC Threads::Threads)
  else()
    set_target_properties(${target} PROPERTIES
      VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} LINK_DEPENDS "${version_script}")
    target_link_libraries(${target} PRIVATE Threads::Threads)
    target_link_options(${target} PRIVATE
      -Wl,-z,defs -Wl,-z,relro -Wl,-z,now "-Wl,--version-script=${version_script}"
      ${HALDE_SANITIZE_FLAGS})
  endif()
endfunction()

# packaging/exports.txt is the golden list of exported symbols; `make update-exports` rewrites it.
# The version script exports exactly that list; test package.exports compares it with headers and library.
set(exports_file "${PROJECT_SOURCE_DIR}/packaging/exports.txt")
set(version_script "${PROJECT_BINARY_DIR}/halde.map")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${exports_file}")
file(STRINGS "${exports_file}" exports REGEX "^[A-Za-z_]")
if(NOT exports)
  message(FATAL_ERROR "${exports_file} lists no symbol")
endif()
list(JOIN exports ";\n    " export_lines)
file(CONFIGURE OUTPUT "${version_script}" @ONLY CONTENT
"HALDE_0 {
  global:
    @export_lines@;
  local:
    *;
};
")

halde_objects(halde-objects "")
halde_library(heap-static static halde-heap halde-objects)
# Until the malloc family is interposed, libhalde holds what libhalde-heap holds.
halde_library(halde-static static halde halde-objects)
foreach(target IN ITEMS heap-static halde-static)
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND bash "${PROJECT_SOURCE_DIR}/scripts/hide_internals.sh" "$<TARGET_FILE:${target}>" VERBATIM)
endforeach()
if(HALDE_SHARED)
  halde_library(heap-shared shared halde-heap halde-objects)
  halde_library(halde-shared shared halde halde-objects)
endif()

if(HALDE_TESTS)
  # For tests of what is inside; not installed.
  halde_library(heap-internal static halde-heap-internal halde-objects)
  halde_objects(halde-fault-objects FAULT_INJECTION)
  halde_library(heap-fault static halde-heap-fault halde-fault-objects)
endif()

# main() that calls wmain(), in an archive of its own: the linker takes it only when nothing else has
# defined main by then, so it may stand on the command line of every program.
add_library(wmain STATIC "${wmain_source}")
set_target_properties(wmain PROPERTIES OUTPUT_NAME halde-wmain)
halde_flags(wmain)
target_compile_options(wmain PRIVATE -fPIC)
target_include_directories(wmain PRIVATE
  "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/include/halde-win32"
  "${PROJECT_SOURCE_DIR}/src")

# Names as find_package(Halde) gives them, for projects that add this tree as a subdirectory.
set(HALDE_INSTALLED_TARGETS heap-static halde-static wmain)
set_target_properties(heap-static PROPERTIES EXPORT_NAME heap_static)
set_target_properties(halde-static PROPERTIES EXPORT_NAME halde_static)
if(HALDE_SHARED)
  list(APPEND HALDE_INSTALLED_TARGETS heap-shared halde-shared)
  set_target_properties(heap-shared PROPERTIES EXPORT_NAME heap)
  set_target_properties(halde-shared PROPERTIES EXPORT_NAME halde)
endif()

# halde_win32_interface(<target> <library>): what a program with the drop-in headers needs.
function(halde_win32_interface target library)
  add_library(${target} INTERFACE)
  target_include_directories(${target} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include/halde-win32>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/halde-win32>)
  target_link_libraries(${target} INTERFACE wmain ${library})
endfunction()
halde_win32_interface(win32-static halde-static)
set_target_properties(win32-static PROPERTIES EXPORT_NAME win32_static)
list(APPEND HALDE_INSTALLED_TARGETS win32-static)
if(HALDE_SHARED)
  halde_win32_interface(win32-shared halde-shared)
  set_target_properties(win32-shared PROPERTIES EXPORT_NAME win32)
  list(APPEND HALDE_INSTALLED_TARGETS win32-shared)
endif()
foreach(target IN LISTS HALDE_INSTALLED_TARGETS)
  get_target_property(name ${target} EXPORT_NAME)
  if(NOT name)
    set(name ${target})
  endif()
  add_library(Halde::${name} ALIAS ${target})
endforeach()
