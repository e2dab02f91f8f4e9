# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# What `make install PREFIX=P` gives.  Nothing installed names P: the tree may be moved.

include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Halde")
set(pkgconfig_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

install(TARGETS ${HALDE_INSTALLED_TARGETS} EXPORT HaldeTargets)
install(EXPORT HaldeTargets NAMESPACE Halde:: DESTINATION "${package_dir}")
foreach(folder IN ITEMS halde halde-win32)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/${folder}"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
endforeach()

foreach(section IN ITEMS 3 7)
  file(GLOB pages CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/docs/man/*.${section}")
  install(FILES ${pages} DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}")
endforeach()
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/halde")

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
