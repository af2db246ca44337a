# How a folder of examples/ becomes a program and its test.
#
#   perdure_example(NAME order SOURCES activities.cc PROGRAM main.cc TEST order_test.cc [OWN_MAIN] [LINK targets…])
#
# The program is perdure-order; with tests, test_order holds TEST and SOURCES, each case one ctest test named
# examples.order.…. OWN_MAIN: TEST has a main() of its own, as programs with process activities need it.
function(perdure_example)
  cmake_parse_arguments(ARG "OWN_MAIN" "NAME;PROGRAM;TEST" "SOURCES;LINK" ${ARGN})
  add_executable(perdure-${ARG_NAME} ${ARG_PROGRAM} ${ARG_SOURCES})
  target_link_libraries(perdure-${ARG_NAME} PRIVATE perdure::perdure perdure_warnings perdure_sanitize ${ARG_LINK})
  if(PERDURE_BUILD_TESTS AND ARG_TEST)
    add_executable(test_${ARG_NAME} ${ARG_TEST} ${ARG_SOURCES})
    target_link_libraries(test_${ARG_NAME} PRIVATE perdure::testing perdure_warnings perdure_sanitize ${ARG_LINK}
                          GTest::gmock $<IF:$<BOOL:${ARG_OWN_MAIN}>,GTest::gtest,GTest::gtest_main>)
    gtest_discover_tests(test_${ARG_NAME} DISCOVERY_MODE PRE_TEST TEST_PREFIX examples.${ARG_NAME}.)
  endif()
endfunction()
