# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Debian packages by cpack, one a component: libhalde0, libhalde-dev, halde.  `make deb` configures a
# build folder for them: prefix /usr, libraries in the folder of their architecture.
#
# What Debian wants beside the files themselves (copyright, changelog) is added here, so that
# `make install` stays free of it.

set(debian "${PROJECT_SOURCE_DIR}/packaging/debian")

# <component> <package>: the documents of a package.
configure_file("${debian}/changelog" "${PROJECT_BINARY_DIR}/debian/changelog.Debian" @ONLY)
find_program(GZIP gzip REQUIRED)
execute_process(
  COMMAND ${GZIP} -9nf "${PROJECT_BINARY_DIR}/debian/changelog.Debian" COMMAND_ERROR_IS_FATAL ANY)
function(debian_documents component package)
  install(FILES "${debian}/copyright" "${PROJECT_BINARY_DIR}/debian/changelog.Debian.gz"
    DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/${package}" COMPONENT ${component})
endfunction()
debian_documents(runtime libhalde0)
debian_documents(development libhalde-dev)
debian_documents(tool halde)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME halde)
# Otherwise the project's description would stand above each package's own.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_NAME} built using CMake")
set(CPACK_PACKAGE_CONTACT "The Halde authors <maintainers@halde.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS "${PROJECT_SOURCE_DIR}/cmake/deb_staging.cmake")
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL runtime development tool)
# Folders that packages create are as Debian has them, whatever the builder's umask is.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${PROJECT_BINARY_DIR}")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libhalde0)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "heap manager and allocator, shared libraries
Halde is the complete Win32 heap manager and the process's malloc on one
engine. Any heap can be locked and walked at any moment, exact to the block
and the byte.

This package has the shared libraries that programs are linked with.")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA "${debian}/shlibs;${debian}/triggers")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libhalde-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "libhalde0 (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}), libc6-dev")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "halde, pkg-config, cmake")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "heap manager and allocator, for developers
Halde is the complete Win32 heap manager and the process's malloc on one
engine. Any heap can be locked and walked at any moment, exact to the block
and the byte.

This package has the headers, among them <windows.h> and <crtdbg.h> for
programs that ask for them, static libraries, files for pkg-config and CMake,
and manual pages.")

set(CPACK_DEBIAN_TOOL_PACKAGE_NAME halde)
set(CPACK_DEBIAN_TOOL_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_TOOL_PACKAGE_CONTROL_EXTRA "${debian}/triggers")
set(CPACK_DEBIAN_TOOL_PACKAGE_SUGGESTS "libc6-dbg")
set(CPACK_COMPONENT_TOOL_DESCRIPTION "find leaks of programs and look into their heaps
The command halde runs any dynamically linked program on Halde's allocator
and reports what it leaked, by call stack. It looks into the heaps of
processes, core files and snapshots: every block, who allocated it and what
points at it, damage, growth and leaks, without stopping the process for more
than some milliseconds.

This package has the command and the object that it loads before a program's
libraries.")

include(CPack)
