# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# The libraries.  Sources are found by folder; the folder decides what a file may include.

find_package(Threads REQUIRED)

file(GLOB engine_sources CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/src/base/*.c"
  "${PROJECT_SOURCE_DIR}/src/os/*.c"
  "${PROJECT_SOURCE_DIR}/src/reach/*.c"
  "${PROJECT_SOURCE_DIR}/src/unwind/*.c"
  "${PROJECT_SOURCE_DIR}/src/print/*.c"
  "${PROJECT_SOURCE_DIR}/src/engine/*.c")
file(GLOB win32_sources CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/src/view/*.c" "${PROJECT_SOURCE_DIR}/src/win32/*.c")
file(GLOB crtdbg_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/crtdbg/*.c")
file(GLOB malloc_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/malloc/*.c")
file(GLOB checked_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/checked/*.c")
set(family_source "${PROJECT_SOURCE_DIR}/src/malloc/family.c")
set(runtime_source "${PROJECT_SOURCE_DIR}/src/malloc/loaded_runtime.c")
list(REMOVE_ITEM malloc_sources "${family_source}" "${runtime_source}")
# The recorder stands above malloc and goes with it.
file(GLOB record_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/record/*.c")
set(interpose_sources
  "${PROJECT_SOURCE_DIR}/src/record/interpose.c" "${PROJECT_SOURCE_DIR}/src/record/interpose_exec.c")
set(static_end_source "${PROJECT_SOURCE_DIR}/src/record/static_end.c")
list(REMOVE_ITEM record_sources ${interpose_sources} "${static_end_source}")
list(APPEND malloc_sources ${record_sources})
set(wmain_source "${PROJECT_SOURCE_DIR}/src/win32/wmain.c")
list(REMOVE_ITEM win32_sources "${wmain_source}")

# Objects go into static and shared libraries alike, so they are compiled once, position-independent.
# Initial-exec: a thread's record is one load from %fs; the library is never dlopen()ed late with much TLS.
set(library_options
  -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-semantic-interposition)

# halde_objects(<name> <FAULT_INJECTION or empty>): object libraries <name>-engine, -win32 and -crtdbg.
# Only the latter two see the drop-in headers: the engine knows no Windows type.
function(halde_objects name variant)
  add_library(${name}-engine OBJECT ${engine_sources})
  add_library(${name}-win32 OBJECT ${win32_sources})
  add_library(${name}-crtdbg OBJECT ${crtdbg_sources})
  foreach(target IN ITEMS ${name}-engine ${name}-win32 ${name}-crtdbg)
    halde_flags(${target} ${variant})
    target_compile_definitions(${target} PRIVATE HALDE_VERSION="${PROJECT_VERSION}")
    target_compile_options(${target} PRIVATE ${library_options})
    target_include_directories(${target} PRIVATE
      "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
  endforeach()
  target_include_directories(${name}-win32 PRIVATE "${PROJECT_SOURCE_DIR}/include/halde-win32")
  target_include_directories(${name}-crtdbg PRIVATE "${PROJECT_SOURCE_DIR}/include/halde-win32")
  # Hooks and handlers of the program may throw through these functions.
  target_compile_options(${name}-crtdbg PRIVATE -fexceptions)
endfunction()

# halde_malloc_objects(<name> <0|1> <sources...>): the malloc family, for libhalde or for the preload object.
# The compiler must not take these functions for the ones it knows, and turn calloc into a call of calloc.
# Exceptions of a new-handler pass through operator new.
function(halde_malloc_objects name is_preload)
  add_library(${name} OBJECT ${ARGN})
  halde_flags(${name} "")
  target_compile_definitions(${name} PRIVATE
    CONFIG_PRELOAD=${is_preload} HALDE_VERSION="${PROJECT_VERSION}")
  target_compile_options(${name} PRIVATE ${library_options} -fexceptions
    -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free)
  target_include_directories(${name} PRIVATE
    "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
endfunction()

# halde_library(<target> <static|shared> <file name> <objects> [<version script>]): a library of the
# objects, as it is installed.
function(halde_library target kind file_name objects)
  string(TOUPPER ${kind} type)
  set(version_script "${ARGV4}")
  list(TRANSFORM objects REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>")
  add_library(${target} ${type} ${objects})
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
    # Threads that end call back into the library, so it stays once it is loaded.
    target_link_options(${target} PRIVATE
      -Wl,-z,defs -Wl,-z,relro -Wl,-z,now -Wl,-z,nodelete "-Wl,--version-script=${version_script}"
      ${HALDE_SANITIZE_FLAGS})
  endif()
endfunction()

# packaging/exports.txt is the golden list of exported symbols; `make update-exports` rewrites it.
# The version script exports exactly that list; test package.exports compares it with headers and library.
# The malloc family (packaging/exports-malloc.txt) has no version and cannot stand in a version script
# that has one: it is exported because nothing hides it, and the rest by -fvisibility=hidden is not.
set(exports_file "${PROJECT_SOURCE_DIR}/packaging/exports.txt")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${exports_file}")
file(STRINGS "${exports_file}" exports REGEX "^[A-Za-z_]")
if(NOT exports)
  message(FATAL_ERROR "${exports_file} lists no symbol")
endif()

# halde_version_script(<file> <version> <local names> <exported names...>)
function(halde_version_script file version locals)
  list(JOIN ARGN ";\n    " names)
  file(CONFIGURE OUTPUT "${file}" @ONLY CONTENT
"@version@ {
  global:
    @names@;
  local:
    @locals@;
};
")
endfunction()

set(heap_script "${PROJECT_BINARY_DIR}/halde-heap.map")
set(halde_script "${PROJECT_BINARY_DIR}/halde.map")
set(preload_script "${PROJECT_BINARY_DIR}/halde-preload.map")
# What only static programs need of malloc.c.
set(static_names "__malloc_fork_*;\n    __malloc_arena_thread_freeres")
halde_version_script("${heap_script}" HALDE_0 "*" ${exports})
halde_version_script("${halde_script}" HALDE_0 "${static_names}" ${exports} halde_malloc_family)
# A version of its own: a program that was linked with libhalde.so asks for HALDE_0 and so passes by
# the preload object's functions, which would know nothing of its heaps.
halde_version_script("${preload_script}" HALDE_PRELOAD_0 "${static_names}"
  "halde_heap_*" halde_process_heap halde_status_text)

halde_objects(halde-objects "")
set(heap_objects halde-objects-engine halde-objects-win32 halde-objects-crtdbg)
halde_library(heap-static static halde-heap "${heap_objects}")
set(static_objects ${heap_objects})
set(shared_objects ${heap_objects})
set(shared_script "${heap_script}")
if(has_malloc)
  halde_malloc_objects(halde-objects-malloc 0 ${malloc_sources})
  halde_malloc_objects(halde-objects-malloc-shared 0 "${family_source}" "${runtime_source}")
  halde_malloc_objects(halde-objects-malloc-static 0 "${static_end_source}")
  list(APPEND static_objects halde-objects-malloc halde-objects-malloc-static)
  list(APPEND shared_objects halde-objects-malloc halde-objects-malloc-shared)
  set(shared_script "${halde_script}")
endif()
halde_library(halde-static static halde "${static_objects}")
if(has_malloc)
  # A static library gives what is asked for: also to a program in which only libc calls malloc.
  target_link_options(halde-static INTERFACE LINKER:-u,malloc)
endif()
foreach(target IN ITEMS heap-static halde-static)
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND bash "${PROJECT_SOURCE_DIR}/scripts/hide_internals.sh"
      "$<TARGET_FILE:${target}>" "${CMAKE_OBJCOPY}" VERBATIM)
endforeach()
if(HALDE_SHARED)
  halde_library(heap-shared shared halde-heap "${heap_objects}" "${heap_script}")
  halde_library(halde-shared shared halde "${shared_objects}" "${shared_script}")
  if(has_malloc)
    # For unmodified programs: LD_PRELOAD=libhalde-preload.so.  Nobody links it, so it has one name.
    halde_malloc_objects(preload-objects-malloc 1
      ${malloc_sources} "${runtime_source}" ${interpose_sources})
    # The debug heap is in it, but none of its names: a program may have brought them itself.
    add_library(preload-objects-crtdbg OBJECT ${crtdbg_sources})
    halde_flags(preload-objects-crtdbg "")
    target_compile_definitions(preload-objects-crtdbg PRIVATE
      HALDE_API= HALDE_VERSION="${PROJECT_VERSION}")
    target_compile_options(preload-objects-crtdbg PRIVATE ${library_options} -fexceptions)
    target_include_directories(preload-objects-crtdbg PRIVATE
      "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src"
      "${PROJECT_SOURCE_DIR}/include/halde-win32")
    # In this order, what every program runs lies together, and the rest is not even mapped into its memory.
    halde_library(preload shared halde-preload
      "preload-objects-malloc;halde-objects-engine;preload-objects-crtdbg" "${preload_script}")
    set_property(TARGET preload PROPERTY VERSION)
    set_property(TARGET preload PROPERTY SOVERSION)
    # Their constructors run before all others, so that of all fork handlers theirs are the innermost: those
    # of other libraries may allocate.
    target_link_options(preload PRIVATE -Wl,-z,initfirst -Wl,-fini=preload_fini)
    target_link_options(halde-shared PRIVATE -Wl,-z,initfirst)
    # The checked memory and string functions: an object and an archive of their own, so that who does
    # not want them pays nothing.  Like the preload object it is preloaded, so it has one name; its
    # symbols (packaging/exports-checked.txt) carry no version, as those of malloc.
    set(checked_file "${PROJECT_SOURCE_DIR}/packaging/exports-checked.txt")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${checked_file}")
    file(STRINGS "${checked_file}" checked_exports REGEX "^[A-Za-z_]")
    set(checked_script "${PROJECT_BINARY_DIR}/halde-checked.map")
    halde_version_script("${checked_script}" "" "*" ${checked_exports})
    add_library(checked-objects OBJECT ${checked_sources})
    halde_flags(checked-objects "")
    target_compile_options(checked-objects PRIVATE ${library_options} -fno-builtin)
    target_include_directories(checked-objects PRIVATE "${PROJECT_SOURCE_DIR}/src")
    add_library(checked SHARED $<TARGET_OBJECTS:checked-objects>)
    target_link_options(checked PRIVATE
      -Wl,-z,defs -Wl,-z,relro -Wl,-z,now -Wl,-z,nodelete "-Wl,--version-script=${checked_script}")
    set_property(TARGET checked PROPERTY LINK_DEPENDS "${checked_script}")
    add_library(checked-static STATIC $<TARGET_OBJECTS:checked-objects>)
    set_target_properties(checked checked-static PROPERTIES
      OUTPUT_NAME halde-checked LINKER_LANGUAGE C)
  endif()
endif()

if(HALDE_TESTS)
  # For tests of what is inside; not installed.
  halde_library(heap-internal static halde-heap-internal "${heap_objects}")
  halde_objects(halde-fault-objects FAULT_INJECTION)
  halde_library(heap-fault static halde-heap-fault
    "halde-fault-objects-engine;halde-fault-objects-win32;halde-fault-objects-crtdbg")
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
  if(has_malloc)
    list(APPEND HALDE_INSTALLED_TARGETS preload checked checked-static)
  endif()
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
