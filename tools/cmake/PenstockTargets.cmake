# One function for each kind of target. Each reads the calling folder, so adding a file needs no edit anywhere.
#
#   penstock_library(NAME [DEPS lib...] [PRIVATE target...] [EXCEPT folder...])
#                                                              penstock::NAME from every .cc below this folder, but for
#                                                              folders that are libraries of their own
#   penstock_objects(NAME DIR dir [DEPS target...])            an internal, not installed library from one folder
#   penstock_program(NAME SOURCES file... [DEPS target...])    an executable, with jemalloc when that is installed
#   penstock_test(FOLDER [DEPS target...] [EXCEPT regex])      penstock_FOLDER_tests and its *_test.py scripts
#   penstock_bench([DEPS target...])                           penstock_microbench from every *_bench.cc
#   penstock_fuzz(SOURCE [DEPS target...])                     one libFuzzer executable

# Each source parses, and instantiates, what the others of its folder do as well: several as one take half of the time.
function(_penstock_unite target sources)
  if(NOT PENSTOCK_UNITED)
    return()
  endif()
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  set(unite "${PROJECT_SOURCE_DIR}/tools/cmake/unite.py")
  execute_process(COMMAND ${Python3_EXECUTABLE} "${unite}" ${PENSTOCK_UNITED} ${sources}
    OUTPUT_VARIABLE united OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" united "${united}")
  foreach(line IN LISTS united)
    string(REPLACE "\t" ";" line "${line}")
    list(POP_FRONT line group)
    set_source_files_properties("${line}" PROPERTIES UNITY_GROUP ${group})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${unite}" ${sources})
endfunction()

function(_penstock_add_library target sources)
  if(sources)
    add_library(${target} STATIC ${sources})
    _penstock_unite(${target} "${sources}")
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:penstock_flags>)
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)  # Headers only, so far.
    set(scope INTERFACE)
  endif()
  target_compile_features(${target} ${scope} cxx_std_20)
  target_include_directories(${target} ${scope}
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} ${scope} ${ARGN})
endfunction()

# What is fuzzed runs fast and tells where it has been, whatever the rest of the build does.
function(_penstock_cover target)
  if(PENSTOCK_FUZZ)
    target_compile_options(${target} PRIVATE -O1 -fsanitize=fuzzer-no-link)
  endif()
endfunction()

function(penstock_library name)
  cmake_parse_arguments(arg "" "" "DEPS;PRIVATE;EXCEPT" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  foreach(folder IN LISTS arg_EXCEPT)
    list(FILTER sources EXCLUDE REGEX "^${CMAKE_CURRENT_SOURCE_DIR}/${folder}/")
  endforeach()
  list(TRANSFORM arg_DEPS PREPEND "penstock::" REGEX "^[a-z_]+$")
  _penstock_add_library(penstock_${name} "${sources}" ${arg_DEPS})
  if(sources)
    target_link_libraries(penstock_${name} PRIVATE ${arg_PRIVATE})
    _penstock_cover(penstock_${name})
  endif()
  add_library(penstock::${name} ALIAS penstock_${name})
  set_target_properties(penstock_${name} PROPERTIES EXPORT_NAME ${name})
  set_property(GLOBAL APPEND PROPERTY PENSTOCK_LIBRARIES ${name})
endfunction()

function(penstock_objects name)
  cmake_parse_arguments(arg "" "DIR" "DEPS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${arg_DIR}/*.cc")
  list(FILTER sources EXCLUDE REGEX "(/main|_test|_bench|_fuzz)\\.cc$")
  _penstock_add_library(${name} "${sources}" ${arg_DEPS})
endfunction()

function(penstock_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE penstock_flags ${arg_DEPS})
  find_library(PENSTOCK_JEMALLOC jemalloc)
  if(PENSTOCK_JEMALLOC AND NOT PENSTOCK_SANITIZE)
    # No symbol of ours names it, so the linker would drop it as unneeded.
    target_link_libraries(${name} PRIVATE -Wl,--no-as-needed ${PENSTOCK_JEMALLOC} -Wl,--as-needed)
  endif()
endfunction()

# Under a sanitizer a process takes longer to start than most tests, so each runs many of them.
function(_penstock_test_in_shards target folder)
  set(shards 8)
  math(EXPR last "${shards} - 1")
  foreach(shard RANGE ${last})
    add_test(NAME ${target}-${shard} COMMAND ${target} WORKING_DIRECTORY "${PROJECT_BINARY_DIR}")
    set_tests_properties(${target}-${shard} PROPERTIES TIMEOUT 600 LABELS ${folder}
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${shards};GTEST_SHARD_INDEX=${shard};${PENSTOCK_TEST_ENVIRONMENT}")
  endforeach()
endfunction()

function(penstock_test folder)
  cmake_parse_arguments(arg "" "EXCEPT" "DEPS" ${ARGN})
  set(dir "${CMAKE_CURRENT_SOURCE_DIR}/${folder}")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${dir}/*_test.cc")
  if(arg_EXCEPT)
    list(FILTER sources EXCLUDE REGEX "${arg_EXCEPT}")
  endif()
  file(GLOB_RECURSE scripts CONFIGURE_DEPENDS "${dir}/*_test.py")
  set(target penstock_${folder}_tests)
  set(support penstock_${folder}_test_support)  # What the tests of the folder share.
  penstock_objects(${support} DIR "${dir}" DEPS ${arg_DEPS} GTest::gmock)
  if(sources)
    add_executable(${target} ${sources})
    _penstock_unite(${target} "${sources}")
    target_link_libraries(${target} PRIVATE penstock_flags ${support} GTest::gmock_main)
    if(PENSTOCK_SANITIZE)
      _penstock_test_in_shards(${target} ${folder})
    else()
      gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 NO_PRETTY_VALUES
        WORKING_DIRECTORY "${PROJECT_BINARY_DIR}" PROPERTIES TIMEOUT 300 LABELS ${folder})
    endif()
    set_property(GLOBAL APPEND PROPERTY PENSTOCK_TEST_TARGETS ${target})
  endif()
  foreach(script IN LISTS scripts)
    file(RELATIVE_PATH test "${PROJECT_SOURCE_DIR}" "${script}")
    add_test(NAME ${test} COMMAND Python3::Interpreter "${script}" WORKING_DIRECTORY "${PROJECT_BINARY_DIR}")
    # The longest tests begin first.
    set_tests_properties(${test} PROPERTIES COST 100 TIMEOUT 600 LABELS "${folder};script" SKIP_RETURN_CODE 77 ENVIRONMENT
      "PENSTOCK_SOURCE_DIR=${PROJECT_SOURCE_DIR};PENSTOCK_BUILD_DIR=${PROJECT_BINARY_DIR};PENSTOCK_HARDENED=${PENSTOCK_HARDENED};PENSTOCK_BINARY=${PROJECT_BINARY_DIR}/tools/penstock")
  endforeach()
endfunction()

function(penstock_bench)
  cmake_parse_arguments(arg "" "" "DEPS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_bench.cc")
  if(sources)
    find_package(benchmark REQUIRED)
    penstock_program(penstock_microbench SOURCES ${sources} DEPS ${arg_DEPS} benchmark::benchmark benchmark::benchmark_main)
  endif()
endfunction()

function(penstock_fuzz source)
  cmake_parse_arguments(arg "" "" "DEPS" ${ARGN})
  get_filename_component(name "${source}" NAME_WE)
  add_executable(${name} "${source}")
  target_link_libraries(${name} PRIVATE penstock_flags ${arg_DEPS})
  _penstock_cover(${name})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()
