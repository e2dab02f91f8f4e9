# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# What `make install PREFIX=P` gives.  Nothing installed names P: the tree may be moved.
#
# Components are what packages are made of: runtime (shared libraries), development, tool (the
# command line and the objects that it preloads).

include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Halde")
set(pkgconfig_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME development)
set(library_targets ${HALDE_INSTALLED_TARGETS})
if(TARGET preload)
  list(REMOVE_ITEM library_targets preload checked)
  # In a set of their own: a package for developers need not bring them.
  install(TARGETS preload checked EXPORT HaldePreload LIBRARY COMPONENT tool)
  install(EXPORT HaldePreload NAMESPACE Halde:: DESTINATION "${package_dir}" COMPONENT tool)
endif()
install(TARGETS ${library_targets} EXPORT HaldeTargets
  LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
  ARCHIVE COMPONENT development)
install(EXPORT HaldeTargets NAMESPACE Halde:: DESTINATION "${package_dir}")
foreach(folder IN ITEMS halde halde-win32)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/${folder}"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
endforeach()

file(GLOB pages CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/docs/man/*.3")
install(FILES ${pages} DESTINATION "${CMAKE_INSTALL_MANDIR}/man3")
file(GLOB pages CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/docs/man/*.7")
# Options and suppressions concern those who run programs, the other pages those who write them.
set(pages_for_users "${PROJECT_SOURCE_DIR}/docs/man/halde-options.7"
  "${PROJECT_SOURCE_DIR}/docs/man/halde-suppressions.7")
list(REMOVE_ITEM pages ${pages_for_users})
install(FILES ${pages} DESTINATION "${CMAKE_INSTALL_MANDIR}/man7")
install(FILES ${pages_for_users} DESTINATION "${CMAKE_INSTALL_MANDIR}/man7" COMPONENT tool)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE"
  DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/halde" COMPONENT tool)

if(TARGET tool)
  install(TARGETS tool RUNTIME COMPONENT tool)
  install(DIRECTORY "${PROJECT_BINARY_DIR}/documents/man1"
    DESTINATION "${CMAKE_INSTALL_MANDIR}" COMPONENT tool)
  set(completions "${PROJECT_BINARY_DIR}/documents/completions")
  install(FILES "${completions}/halde" COMPONENT tool
    DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/bash-completion/completions")
  # Debian's zsh looks for what packages bring in another folder than for what make install does.
  set(HALDE_ZSH_FOLDER "${CMAKE_INSTALL_DATAROOTDIR}/zsh/site-functions"
    CACHE STRING "Where zsh finds completions, below the prefix")
  mark_as_advanced(HALDE_ZSH_FOLDER)
  install(FILES "${completions}/_halde" DESTINATION "${HALDE_ZSH_FOLDER}" COMPONENT tool)
  install(FILES "${completions}/halde.fish" COMPONENT tool
    DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/fish/vendor_completions.d")
  # What other programs need to read what the tool writes.
  install(FILES "${PROJECT_SOURCE_DIR}/docs/json-schema.md" "${PROJECT_SOURCE_DIR}/docs/snapshot-format.md"
    DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/halde" COMPONENT tool)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs/schema"
    DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/halde" COMPONENT tool FILES_MATCHING PATTERN "*.json")
endif()

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/packaging/HaldeConfig.cmake.in" "${PROJECT_BINARY_DIR}/HaldeConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/HaldeConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/HaldeConfig.cmake" "${PROJECT_BINARY_DIR}/HaldeConfigVersion.cmake"
  DESTINATION "${package_dir}")

# pkg-config: paths relative to the .pc file itself.
cmake_path(IS_ABSOLUTE CMAKE_INSTALL_LIBDIR is_absolute)
if(is_absolute)
  set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
  set(pc_libdir "${CMAKE_INSTALL_LIBDIR}")
else()
  file(RELATIVE_PATH pc_up "/${pkgconfig_dir}" "/")
  string(REGEX REPLACE "/$" "" pc_up "${pc_up}")
  set(pc_prefix "\${pcfiledir}/${pc_up}")
  set(pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
cmake_path(IS_ABSOLUTE CMAKE_INSTALL_INCLUDEDIR is_absolute)
if(is_absolute)
  set(pc_includedir "${CMAKE_INSTALL_INCLUDEDIR}")
else()
  set(pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
foreach(package IN ITEMS halde halde-heap halde-win32)
  configure_file("${PROJECT_SOURCE_DIR}/packaging/${package}.pc.in"
    "${PROJECT_BINARY_DIR}/${package}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${package}.pc" DESTINATION "${pkgconfig_dir}")
endforeach()
