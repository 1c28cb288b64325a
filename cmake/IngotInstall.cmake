# `cmake --install`: the tools install themselves (ingot_add_tool); here are the headers that a user's program may include and the CMake package.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Ingot)
configure_package_config_file(cmake/IngotConfig.cmake.in ${CMAKE_BINARY_DIR}/IngotConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS CMAKE_INSTALL_BINDIR CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/IngotConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/IngotConfig.cmake ${CMAKE_BINARY_DIR}/IngotConfigVersion.cmake cmake/IngotAddModel.cmake
  DESTINATION ${package_dir})
install(DIRECTORY include/ingot/Runtime DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ingot
  FILES_MATCHING PATTERN "*.h" PATTERN Frame.h EXCLUDE) # Frame.h is between generated code and the core in each object
