# cmake --install: libraries, headers, the perdure program, and what find_package and pkg-config need.
#
# Every component has an export set of its own, so that a program without gRPC does not need to find it. The rooms are
# installed as they are built: static libraries that users see only through the four targets with public names.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(PERDURE_ROOMS_grpc client_grpc)
set(PERDURE_ROOMS_server server serve)
set(PERDURE_ROOMS_testing testing)
set(PERDURE_COMPONENTS core grpc server testing)
# Whatever is not somebody else's belongs to every program.
get_property(PERDURE_ROOMS_core GLOBAL PROPERTY PERDURE_ROOMS)
list(APPEND PERDURE_ROOMS_core base)
list(REMOVE_ITEM PERDURE_ROOMS_core ${PERDURE_ROOMS_grpc} ${PERDURE_ROOMS_server} ${PERDURE_ROOMS_testing} test_service cli)
set(perdure_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/perdure)
# The package can be moved, and installed elsewhere than it was configured for.
file(RELATIVE_PATH PC_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" PC_PREFIX ${PC_PREFIX})

set_target_properties(perdure_sdk PROPERTIES EXPORT_NAME perdure)
set_target_properties(perdure_serve PROPERTIES EXPORT_NAME server)
set_target_properties(perdure_server PROPERTIES EXPORT_NAME server_room)
set_target_properties(perdure_grpc PROPERTIES EXPORT_NAME grpc)
set_target_properties(perdure_testing PROPERTIES EXPORT_NAME testing)

foreach(component IN LISTS PERDURE_COMPONENTS)
  list(TRANSFORM PERDURE_ROOMS_${component} PREPEND perdure_ OUTPUT_VARIABLE targets)
  if(component STREQUAL core)
    list(APPEND targets perdure_api_generated perdure_api_headers)
  elseif(component STREQUAL grpc)
    list(APPEND targets perdure_grpc)
  endif()
  install(TARGETS ${targets} EXPORT perdure_${component}
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${component}
          INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT perdure_${component} NAMESPACE perdure:: FILE perdure-${component}.cmake
          DESTINATION ${perdure_package_dir} COMPONENT ${component})
endforeach()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/perdure DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT core)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT core)
if(PERDURE_BUILD_PROGRAMS)
  install(TARGETS perdure perdure-test-server RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
endif()

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/perdure-config.cmake.in
                              ${PROJECT_BINARY_DIR}/package/perdure-config.cmake
                              INSTALL_DESTINATION ${perdure_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/perdure-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/perdure-config.cmake
              ${PROJECT_BINARY_DIR}/package/perdure-config-version.cmake
        DESTINATION ${perdure_package_dir} COMPONENT core)

# perdure_pc(NAME perdure-grpc COMPONENT grpc DESCRIPTION … REQUIRES … WHOLE rooms… GROUP rooms… EXTRA flags…)
# One linker option for each group of archives: what writes link lines may reorder options, but not what is inside one.
function(perdure_pc)
  cmake_parse_arguments(ARG "" "NAME;COMPONENT;DESCRIPTION" "REQUIRES;WHOLE;GROUP;EXTRA" ${ARGN})
  set(PC_NAME ${ARG_NAME})
  set(PC_DESCRIPTION ${ARG_DESCRIPTION})
  list(JOIN ARG_REQUIRES ", " PC_REQUIRES)
  set(options "")
  foreach(kind WHOLE GROUP)
    if(ARG_${kind})
      list(TRANSFORM ARG_${kind} REPLACE "(.+)" "\${libdir}/libperdure_\\1.a" OUTPUT_VARIABLE archives)
      list(JOIN archives "," archives)
      if(kind STREQUAL WHOLE)
        list(APPEND options "-Wl,--whole-archive,${archives},--no-whole-archive")
      else()
        list(APPEND options "-Wl,--start-group,${archives},--end-group")
      endif()
    endif()
  endforeach()
  list(JOIN options " " PC_LIBS)
  list(JOIN ARG_EXTRA " " PC_EXTRA)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/perdure.pc.in ${PROJECT_BINARY_DIR}/package/${ARG_NAME}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/package/${ARG_NAME}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
          COMPONENT ${ARG_COMPONENT})
endfunction()

perdure_pc(NAME perdure COMPONENT core DESCRIPTION "Durable execution, embedded"
           REQUIRES "protobuf >= 3.21" sqlite3 libxxhash libcrypto fmt
           WHOLE api_generated GROUP ${PERDURE_ROOMS_core} EXTRA -pthread -ldl)
perdure_pc(NAME perdure-grpc COMPONENT grpc DESCRIPTION "Perdure's clients and workers of servers"
           REQUIRES "perdure = ${PROJECT_VERSION}" grpc++ WHOLE ${PERDURE_ROOMS_grpc})
perdure_pc(NAME perdure-server COMPONENT server DESCRIPTION "Perdure's embedded engine, served"
           REQUIRES "perdure = ${PROJECT_VERSION}" grpc++ prometheus-cpp-core spdlog zlib
           GROUP ${PERDURE_ROOMS_server})
perdure_pc(NAME perdure-testing COMPONENT testing DESCRIPTION "Tests of Perdure's workflows"
           REQUIRES "perdure = ${PROJECT_VERSION}" GROUP ${PERDURE_ROOMS_testing})
