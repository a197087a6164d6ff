# How the suites below tests/ become ctest tests. A test's name is where its file is: unit.fiber.loop, lua.ops.each.
# Labels come from the suite and from the file's name: a file with "spin" in its name spins in Lua on purpose (left out
# under ThreadSanitizer, which holds back the signal that interrupts it), one with "long" belongs to `make ci-full`.
set(OPSHOST_IN_TEMP_DIR "${CMAKE_SOURCE_DIR}/tests/support/in_temp_dir")

# Sanitizers and other people's load make everything slower; these limits are for tests that hang.
set(OPSHOST_TEST_TIMEOUT 120)
set(OPSHOST_LONG_TEST_TIMEOUT 1200)

function(opshost_label_test name suite file)
  set(labels ${suite})
  set(timeout ${OPSHOST_TEST_TIMEOUT})
  get_filename_component(stem "${file}" NAME)
  if(stem MATCHES spin)
    list(APPEND labels spin)
  endif()
  if(stem MATCHES long)
    list(APPEND labels long)
    set(timeout ${OPSHOST_LONG_TEST_TIMEOUT})
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT ${timeout} SKIP_RETURN_CODE 77)
endfunction()

# tests/lua/ops/each_test.lua -> lua.ops.each
function(opshost_test_name out suite file)
  file(RELATIVE_PATH name "${CMAKE_SOURCE_DIR}/tests/${suite}" "${file}")
  string(REGEX REPLACE "(_test)?\\.[a-z]+$" "" name "${name}")
  string(REPLACE "/" "." name "${name}")
  set(${out} "${suite}.${name}" PARENT_SCOPE)
endfunction()

# tests/<suite>/**/*_test.cpp with doctest: one executable, one ctest test a file.
function(opshost_cpp_tests suite)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/${suite}/*_test.cpp")
  file(GLOB_RECURSE helpers CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/${suite}/*.cpp")
  if(NOT tests)
    return()
  endif()
  set(target ${suite}_tests)
  add_executable(${target} ${helpers} "${CMAKE_SOURCE_DIR}/tests/support/doctest_main.cpp")
  target_link_libraries(${target} PRIVATE opshost_bindings opshost_host opshost::doctest)
  opshost_precompile(${target})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
  foreach(file IN LISTS tests)
    opshost_test_name(name ${suite} "${file}")
    add_test(NAME ${name} COMMAND "${OPSHOST_IN_TEMP_DIR}" "$<TARGET_FILE:${target}>" "--source-file=${file}")
    opshost_label_test(${name} ${suite} "${file}")
    # A filter that matches nothing is a pass to doctest.
    set_tests_properties(${name} PROPERTIES FAIL_REGULAR_EXPRESSION "test cases: +0 ")
  endforeach()
endfunction()

# tests/lua/**/*_test.lua, each run by the built opshost through tests/lua/runner.lua.
function(opshost_lua_tests)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/lua/*_test.lua")
  set(runner "${CMAKE_SOURCE_DIR}/tests/lua/runner.lua")
  if(NOT TARGET opshost OR NOT EXISTS "${runner}")
    return()
  endif()
  foreach(file IN LISTS tests)
    opshost_test_name(name lua "${file}")
    add_test(NAME ${name} COMMAND "${OPSHOST_IN_TEMP_DIR}" "$<TARGET_FILE:opshost>" run "${runner}" "${file}")
    opshost_label_test(${name} lua "${file}")
  endforeach()
endfunction()

# tests/cli/*.sh: the command line as a user meets it. OPSHOST is the binary, OPSHOST_SOURCE the project's root.
function(opshost_cli_tests)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/cli/*_test.sh")
  if(NOT TARGET opshost)
    return()
  endif()
  foreach(file IN LISTS tests)
    opshost_test_name(name cli "${file}")
    add_test(NAME ${name} COMMAND "${OPSHOST_IN_TEMP_DIR}" bash "${file}")
    opshost_label_test(${name} cli "${file}")
    set_tests_properties(${name} PROPERTIES
      ENVIRONMENT "OPSHOST=$<TARGET_FILE:opshost>;OPSHOST_SOURCE=${CMAKE_SOURCE_DIR}")
  endforeach()
endfunction()

# examples/*.lua: what a newcomer runs first has to work as it stands.
function(opshost_example_tests)
  file(GLOB examples CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/examples/*.lua")
  if(NOT TARGET opshost)
    return()
  endif()
  foreach(file IN LISTS examples)
    get_filename_component(stem "${file}" NAME_WE)
    add_test(NAME examples.${stem} COMMAND "${OPSHOST_IN_TEMP_DIR}" "$<TARGET_FILE:opshost>" run "${file}")
    opshost_label_test(examples.${stem} examples "${file}")
  endforeach()
endfunction()
