# How a room of src/ becomes a library.
#
#   perdure_library(NAME engine SOURCES a.cc b.cc USES api base EXTERNAL PkgConfig::SQLITE)
#
# USES names the rooms whose headers this room may include; they are linked privately as far as headers go, so that
# a room sees only what it declares. Every room also gets a link test (whole archive plus declared dependencies):
# a call into a room that is not declared is a link error, not a review comment.
#
# PLANTABLE rooms are built a second time as perdure_<name>_planted with PERDURE_PLANTED_BUGS, for the gate that
# checks that the simulator finds planted bugs. That build is never linked into a program that users run.

add_library(perdure_warnings INTERFACE)
target_compile_options(perdure_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                       -Wold-style-cast -Woverloaded-virtual -Wimplicit-fallthrough -Werror
                       -Wno-missing-field-initializers -Wno-missing-designated-field-initializers
                       -Wno-undefined-var-template)
# Without its time stamp a precompiled header does not defeat the compiler cache.
target_compile_options(perdure_warnings INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
add_library(perdure_sanitize INTERFACE)
if(PERDURE_SANITIZE)
  # The generated API keeps the flags of the release build, so that its objects come out of the cache.
  target_compile_options(perdure_sanitize INTERFACE -O1 -fsanitize=${PERDURE_SANITIZE} -fno-sanitize-recover=all
                         -fno-omit-frame-pointer)
  target_link_options(perdure_sanitize INTERFACE -fsanitize=${PERDURE_SANITIZE})
endif()

# The allocator of this project's programs: objects that one thread makes and another destroys, which is what a service
# in its own process is full of, cost the C library's a quarter of all CPU (docs/adr/0004-tcmalloc-in-programs.md). The
# libraries leave the choice to the programs that use them. Sanitizers bring their own.
add_library(perdure_allocator INTERFACE)
if(TARGET PkgConfig::TCMALLOC AND NOT PERDURE_SANITIZE)
  target_link_libraries(perdure_allocator INTERFACE PkgConfig::TCMALLOC)
endif()

function(perdure_library)
  cmake_parse_arguments(ARG "PLANTABLE;HEAVY_API" "NAME" "SOURCES;USES;EXTERNAL" ${ARGN})
  set(variants "")
  if(ARG_PLANTABLE AND PERDURE_BUILD_TESTS)
    set(variants "_planted")
  endif()
  foreach(variant IN LISTS variants ITEMS "")
    set(target perdure_${ARG_NAME}${variant})
    add_library(${target} STATIC ${ARG_SOURCES})
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:perdure_warnings> $<BUILD_INTERFACE:perdure_sanitize>
                          ${ARG_EXTERNAL})
    foreach(used IN LISTS ARG_USES)
      if(variant AND TARGET perdure_${used}${variant})
        target_link_libraries(${target} PRIVATE perdure_${used}${variant})
      else()
        target_link_libraries(${target} PRIVATE perdure_${used})
      endif()
    endforeach()
    if(variant)
      target_compile_definitions(${target} PRIVATE PERDURE_PLANTED_BUGS=1)
      set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
    endif()
    if(ARG_HEAVY_API)
      target_precompile_headers(${target} REUSE_FROM perdure_heavy_pch)
      target_link_libraries(${target} PRIVATE perdure_api_headers)
    endif()
  endforeach()
  set_property(GLOBAL APPEND PROPERTY PERDURE_ROOMS ${ARG_NAME})
  if(PERDURE_BUILD_TESTS)
    file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/link_${ARG_NAME}.cc "int main() { return 0; }\n")
    add_executable(link_${ARG_NAME} EXCLUDE_FROM_ALL ${CMAKE_CURRENT_BINARY_DIR}/link_${ARG_NAME}.cc)
    target_link_libraries(link_${ARG_NAME} PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,perdure_${ARG_NAME}>"
                          perdure_sanitize)
    set_property(GLOBAL APPEND PROPERTY PERDURE_LINK_TESTS link_${ARG_NAME})
  endif()
endfunction()

# perdure_test(NAME engine SOURCES a_test.cc USES engine base [HEAVY_API] [PLANTED] [EXTERNAL …]): a GoogleTest program,
# each of its cases one ctest test.
function(perdure_test)
  cmake_parse_arguments(ARG "HEAVY_API" "NAME" "SOURCES;USES;EXTERNAL;LABELS" ${ARGN})
  set(target test_${ARG_NAME})
  add_executable(${target} ${ARG_SOURCES})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR})
  foreach(used IN LISTS ARG_USES)
    target_link_libraries(${target} PRIVATE perdure_${used})
  endforeach()
  target_link_libraries(${target} PRIVATE perdure_warnings perdure_sanitize ${ARG_EXTERNAL} GTest::gmock GTest::gtest_main)
  if(ARG_HEAVY_API)
    target_precompile_headers(${target} REUSE_FROM perdure_heavy_pch)
    target_compile_options(${target} PRIVATE -fPIC)  # as the precompiled header is; programs are -fPIE by default
    target_link_libraries(${target} PRIVATE perdure_api_headers)
  endif()
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST TEST_PREFIX ${ARG_NAME}. PROPERTIES LABELS "${ARG_LABELS}")
endfunction()
