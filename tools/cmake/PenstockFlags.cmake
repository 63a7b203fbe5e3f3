# Compiler and linker flags of our own targets, collected in one interface target that each of them links privately.
# Nothing here reaches a consumer of the installed library.

set(CMAKE_CXX_EXTENSIONS OFF)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

find_program(PENSTOCK_CCACHE ccache)
if(PENSTOCK_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${PENSTOCK_CCACHE}")
endif()

add_library(penstock_flags INTERFACE)
target_compile_options(penstock_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow
  $<$<BOOL:${PENSTOCK_WERROR}>:-Werror>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>  # GCC 12 reports inlined text appends that cannot overlap (PR 105651).
  -fno-omit-frame-pointer  # Profilers walk frames in what users run, not only in what we debug.
  -ffp-contract=off        # Results are compared bit by bit with other languages.
)
if(PENSTOCK_NATIVE)
  target_compile_options(penstock_flags INTERFACE -march=native)
endif()

if(PENSTOCK_HARDENED)
  include(CheckPIESupported)
  check_pie_supported(LANGUAGES CXX)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  # Level 3 follows sizes known only at run time; compilers before these fall back to level 2.
  set(fortify 2)
  if((CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12) OR
     (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 15))
    set(fortify 3)
  endif()
  target_compile_options(penstock_flags INTERFACE
    -fstack-protector-strong -fstack-clash-protection
    -fno-semantic-interposition  # Position independence without giving up inlining.
    $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection=full>
  )
  target_compile_definitions(penstock_flags INTERFACE _GLIBCXX_ASSERTIONS)
  if(NOT PENSTOCK_SANITIZE)
    target_compile_options(penstock_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=${fortify}>)
  endif()
  target_link_options(penstock_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()

if(PENSTOCK_SANITIZE)
  target_compile_options(penstock_flags INTERFACE -fsanitize=${PENSTOCK_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(penstock_flags INTERFACE -fsanitize=${PENSTOCK_SANITIZE})
  if(PENSTOCK_SANITIZE MATCHES "address" AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_definitions(penstock_flags INTERFACE __SANITIZE_ADDRESS__)  # As GCC does by itself.
  endif()
  if(PENSTOCK_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # ConcurrentQueue uses fences, which this sanitizer cannot see; tests/tsan.supp names the one file that includes it.
    target_compile_options(penstock_flags INTERFACE -Wno-tsan)
  endif()
endif()
