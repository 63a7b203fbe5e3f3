# The install tree: headers as they are spelled, static libraries, the CMake package and the pkg-config file.

include(CMakePackageConfigHelpers)

get_property(libraries GLOBAL PROPERTY PENSTOCK_LIBRARIES)
list(TRANSFORM libraries PREPEND penstock_ OUTPUT_VARIABLE targets)
install(TARGETS ${targets} EXPORT penstockTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
set(folders ${libraries})
list(REMOVE_ITEM folders io_kafka state_rocksdb)  # Their headers lie in io and state.
foreach(library IN LISTS folders)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/${library}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/penstock"
    COMPONENT library FILES_MATCHING PATTERN "*.h")
endforeach()

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/penstock")
install(EXPORT penstockTargets NAMESPACE penstock:: DESTINATION ${package_dir} COMPONENT library)
configure_package_config_file("${PROJECT_SOURCE_DIR}/tools/cmake/penstockConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/penstockConfig.cmake" INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file("${PROJECT_BINARY_DIR}/penstockConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/penstockConfig.cmake" "${PROJECT_BINARY_DIR}/penstockConfigVersion.cmake"
  DESTINATION ${package_dir} COMPONENT library)

# A static link needs the libraries from the top layer down; those of headers only have no archive.
set(PENSTOCK_PC_LIBS "")
foreach(library IN LISTS libraries)
  get_target_property(type penstock_${library} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    string(PREPEND PENSTOCK_PC_LIBS "-lpenstock_${library} ")
  endif()
endforeach()
string(STRIP "${PENSTOCK_PC_LIBS}" PENSTOCK_PC_LIBS)
set(PENSTOCK_PC_REQUIRES "simdjson absl_time re2 libcrypto")
if(RDKAFKA_FOUND)
  string(APPEND PENSTOCK_PC_REQUIRES " rdkafka")
endif()
if(ROCKSDB_FOUND)
  string(APPEND PENSTOCK_PC_REQUIRES " rocksdb")
endif()
# Relative to the file itself, so that the tree can be installed under any prefix and moved.
file(RELATIVE_PATH up "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
set(PENSTOCK_PC_PREFIX "\${pcfiledir}/${up}")
configure_file("${PROJECT_SOURCE_DIR}/tools/cmake/penstock.pc.in" "${PROJECT_BINARY_DIR}/penstock.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/penstock.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT library)
