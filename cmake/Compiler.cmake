# How every target of ours is compiled.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG -D_FORTIFY_SOURCE=2 -fstack-protector-strong")
set(CMAKE_CXX_FLAGS_SANITIZE "-O1 -g1")

find_program(CCACHE ccache)
if(CCACHE)
  # The sloppiness is what ccache asks for where a precompiled header is in use. The rest lets one checkout's results
  # serve another one elsewhere.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

if(OPSHOST_SANITIZE)
  add_compile_options(-fsanitize=${OPSHOST_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${OPSHOST_SANITIZE})
  if(OPSHOST_SANITIZE MATCHES address)
    # Its tables hold millions of addresses. Moved to a random place they would all be rewritten at each start, which is
    # most of what a short program does then.
    add_compile_options(-fno-pie)
    add_link_options(-no-pie)
  endif()
endif()

if(OPSHOST_STATIC)
  add_compile_definitions(OPSHOST_STATIC)
  add_compile_options(-ffunction-sections -fdata-sections)
endif()

# Linked by every target of ours, never by what others wrote.
add_library(opshost_options INTERFACE)
target_include_directories(opshost_options INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(opshost_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wcast-qual
  -Wformat=2 -Wimplicit-fallthrough
  $<$<BOOL:${OPSHOST_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  # Boost 1.74 knows clang's coroutines under their experimental name only.
  target_compile_definitions(opshost_options INTERFACE BOOST_ASIO_HAS_CO_AWAIT BOOST_ASIO_HAS_STD_COROUTINE)
  target_compile_options(opshost_options INTERFACE -Wshadow)
else()
  # g++ also counts a constructor's parameter named like the member it sets; clang finds the other shadows of members.
  target_compile_options(opshost_options INTERFACE -Wshadow=local)
  # False alarms inside std::string, std::vector and coroutine frames once -O2 inlined them (GCC bugs 105329, 105651,
  # 105562, 109224). clang and AddressSanitizer look at the same places.
  target_compile_options(opshost_options INTERFACE
    -Wno-array-bounds -Wno-maybe-uninitialized -Wno-mismatched-new-delete -Wno-restrict -Wno-stringop-overflow
    -Wno-stringop-overread)
  if(OPSHOST_UNITY)
    # Takes an anonymous namespace of an included source file for one in a header.
    target_compile_options(opshost_options INTERFACE -Wno-subobject-linkage)
  endif()
  if(OPSHOST_SANITIZE MATCHES thread)
    target_compile_options(opshost_options INTERFACE -Wno-tsan)  # std::atomic_thread_fence inside Asio
  endif()
endif()

# The precompiled header is for g++ alone: the clang build then proves that every file includes what it uses.
function(opshost_precompile target)
  if(NOT OPSHOST_PCH OR CMAKE_CXX_COMPILER_ID MATCHES Clang)
    return()
  endif()
  target_compile_options(${target} PRIVATE -fpch-preprocess)
  if(target STREQUAL opshost_host)
    target_precompile_headers(${target} PRIVATE "${CMAKE_SOURCE_DIR}/cmake/precompiled.hpp")
  else()
    target_precompile_headers(${target} REUSE_FROM opshost_host)
  endif()
endfunction()

# Compiles the sources of one folder a few at a time, as one file: most of what g++ does is the same for each of them.
# By folder, so that a new file moves the borders in its own folder alone. The files that a folder names `module.cpp` are
# long by themselves and stay so: who edits one waits for that one.
set(OPSHOST_UNITY_FILES 10)
function(opshost_unite target)
  if(NOT OPSHOST_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources EXCLUDE REGEX "/module\\.cpp$")
  foreach(source IN LISTS sources)
    file(RELATIVE_PATH folder "${CMAKE_SOURCE_DIR}" "${source}")
    cmake_path(GET folder PARENT_PATH folder)
    string(MAKE_C_IDENTIFIER "${folder}" folder)
    list(APPEND in_${folder} "${source}")
    list(LENGTH in_${folder} count)
    math(EXPR part "${count} / ${OPSHOST_UNITY_FILES}")
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${folder}_${part}")
  endforeach()
endfunction()
