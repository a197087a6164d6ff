# How the suites below tests/ become ctest tests. A test's name is where its file is: unit.fiber.loop, lua.ops.each.
# Labels come from the suite, from where it runs ("servers": in a lab; "site": in one with a whole site, left out under
# ASan by `make test`, not by `make ci-full`; "sanitized": in a lab whose tests `make test` runs with ASan alone) and from
# the file's name: a file with "spin" in its name spins in Lua on purpose (left out under ThreadSanitizer, which holds
# back the signal that interrupts it), one with "descriptors" uses up all file descriptors (left out under UBSan, which
# needs one to see whether an object may be looked at, and calls it invalid without; so never "sanitized"), one with
# "long" belongs to `make ci-full`.
set(OPSHOST_IN_TEMP_DIR "${CMAKE_SOURCE_DIR}/tests/support/in_temp_dir")

# These limits are for tests that hang. The longest that is not "long" takes 140 s on an idle machine of 2 cores (it stops
# and starts a host with 16 containers); sanitizers, slower machines and other people's load multiply that.
set(OPSHOST_TEST_TIMEOUT 600)
set(OPSHOST_LONG_TEST_TIMEOUT 1200)

# Of its own ctest begins the slow tests first, but only from its second run on. What waits for its turn in a lab, or is
# slow by itself, begins first in the first run too: at its end one core would have nothing to do. Seconds, roughly.
set(OPSHOST_COST_OF_LAB 60)
set(OPSHOST_COST_IN_LAB 30)

if(OPSHOST_TEST_BINARY)
  set(OPSHOST_TESTED "${OPSHOST_TEST_BINARY}")
elseif(TARGET opshost)
  set(OPSHOST_TESTED "$<TARGET_FILE:opshost>")
endif()

function(opshost_label_test name suite file)
  set(labels ${suite})
  set(timeout ${OPSHOST_TEST_TIMEOUT})
  get_filename_component(stem "${file}" NAME)
  if(stem MATCHES spin)
    list(APPEND labels spin)
  endif()
  if(stem MATCHES descriptors)
    list(APPEND labels descriptors)
  endif()
  if(stem MATCHES long)
    list(APPEND labels long)
    set(timeout ${OPSHOST_LONG_TEST_TIMEOUT})
  endif()
  set_property(TEST ${name} APPEND PROPERTY LABELS ${labels})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${timeout} SKIP_RETURN_CODE 77)
endfunction()

# tests/lua/ops/each_test.lua -> lua.ops.each
function(opshost_test_name out suite file)
  file(RELATIVE_PATH name "${CMAKE_SOURCE_DIR}/tests/${suite}" "${file}")
  string(REGEX REPLACE "(_test)?\\.[a-z]+$" "" name "${name}")
  string(REPLACE "/" "." name "${name}")
  set(${out} "${suite}.${name}" PARENT_SCOPE)
endfunction()

# Suites that need real servers: a file "lab_groups" in the folder of a test, or in one above it, names the groups of
# tests/lab that it runs in. Tests that name the same groups share one lab for the whole run and take turns in it.
# See tests/support/in_lab.
set(OPSHOST_IN_LAB "${CMAKE_SOURCE_DIR}/tests/support/in_lab")
# The first use of a lab on a machine also makes its images.
set(OPSHOST_LAB_TIMEOUT 1800)

# The groups for a test file as a list, empty for none.
function(opshost_lab_groups out suite file)
  file(GLOB_RECURSE everywhere CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/${suite}/lab_groups")
  set(folder "${file}")
  set(groups "")
  while(NOT folder STREQUAL "${CMAKE_SOURCE_DIR}/tests")
    get_filename_component(folder "${folder}" DIRECTORY)
    if("${folder}/lab_groups" IN_LIST everywhere)
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${folder}/lab_groups")
      file(STRINGS "${folder}/lab_groups" groups LIMIT_COUNT 1)
      separate_arguments(groups)
      break()
    endif()
  endwhile()
  set(${out} "${groups}" PARENT_SCOPE)
endfunction()

# Which of its two builds `make test` runs it in: ";site" where the groups hold a whole site, else ";sanitized".
function(opshost_build_label out groups)
  set(label ";sanitized")
  if("ark" IN_LIST groups)
    set(label ";site")
  endif()
  set(${out} "${label}" PARENT_SCOPE)
endfunction()

# The tests that bring a lab up and down around those that need it, once for each set of groups.
function(opshost_lab_fixture lab groups)
  if(TEST ${lab}.up)
    return()
  endif()
  add_test(NAME ${lab}.up COMMAND "${OPSHOST_IN_LAB}" --begin ${groups})
  add_test(NAME ${lab}.down COMMAND "${OPSHOST_IN_LAB}" --end ${groups})
  set_tests_properties(${lab}.up PROPERTIES FIXTURES_SETUP ${lab} COST ${OPSHOST_COST_OF_LAB})
  set_tests_properties(${lab}.down PROPERTIES FIXTURES_CLEANUP ${lab})
  opshost_build_label(build "${groups}")
  set_tests_properties(${lab}.up ${lab}.down PROPERTIES LABELS "lab${build}" TIMEOUT ${OPSHOST_LAB_TIMEOUT}
    SKIP_RETURN_CODE 77)
endfunction()

# add_test in an empty folder, and in the lab if the test's file needs one.
function(opshost_add_test name suite file)
  opshost_lab_groups(groups ${suite} "${file}")
  if(NOT groups)
    add_test(NAME ${name} COMMAND "${OPSHOST_IN_TEMP_DIR}" ${ARGN})
    return()
  endif()
  string(REPLACE ";" "-" joined "${groups}")
  set(lab lab.${joined})
  opshost_lab_fixture(${lab} "${groups}")
  add_test(NAME ${name} COMMAND "${OPSHOST_IN_LAB}" --within ${groups} -- "${OPSHOST_IN_TEMP_DIR}" ${ARGN})
  opshost_build_label(build "${groups}")
  if(file MATCHES descriptors)
    set(build "")
  endif()
  set_tests_properties(${name} PROPERTIES FIXTURES_REQUIRED ${lab} RESOURCE_LOCK ${lab} LABELS "servers${build}"
    COST ${OPSHOST_COST_IN_LAB})
endfunction()

# tests/<suite>/**/*_test.cpp with doctest: one executable, one ctest test a file.
function(opshost_cpp_tests suite)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/${suite}/*_test.cpp")
  file(GLOB_RECURSE helpers CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/${suite}/*.cpp")
  # They say nothing about a static link.
  if(NOT tests OR OPSHOST_TEST_BINARY OR OPSHOST_STATIC)
    return()
  endif()
  set(target ${suite}_tests)
  add_executable(${target} ${helpers} "${CMAKE_SOURCE_DIR}/tests/support/doctest_main.cpp")
  target_link_libraries(${target} PRIVATE opshost_bindings opshost_host opshost::doctest)
  opshost_precompile(${target})
  opshost_unite(${target})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
  foreach(file IN LISTS tests)
    opshost_test_name(name ${suite} "${file}")
    file(RELATIVE_PATH path "${CMAKE_SOURCE_DIR}" "${file}")
    opshost_add_test(${name} ${suite} "${file}" "$<TARGET_FILE:${target}>" "--source-file=*${path}")
    opshost_label_test(${name} ${suite} "${file}")
    # A filter that matches nothing is a pass to doctest.
    set_tests_properties(${name} PROPERTIES FAIL_REGULAR_EXPRESSION "test cases: +0 ")
  endforeach()
endfunction()

# tests/lua/**/*_test.lua, each run by the built opshost through tests/lua/runner.lua.
function(opshost_lua_tests)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/lua/*_test.lua")
  set(runner "${CMAKE_SOURCE_DIR}/tests/lua/runner.lua")
  if(NOT OPSHOST_TESTED OR NOT EXISTS "${runner}")
    return()
  endif()
  foreach(file IN LISTS tests)
    opshost_test_name(name lua "${file}")
    opshost_add_test(${name} lua "${file}" "${OPSHOST_TESTED}" run "${runner}" "${file}")
    opshost_label_test(${name} lua "${file}")
    # Some measure memory: by itself AddressSanitizer keeps 256 MiB of what was freed.
    set(environment ASAN_OPTIONS=quarantine_size_mb=16)
    # Leaks of a library in what only that test does: name_test.supp beside it.
    string(REGEX REPLACE "\\.lua$" ".supp" suppressions "${file}")
    if(EXISTS "${suppressions}")
      list(APPEND environment "LSAN_OPTIONS=suppressions=${suppressions}:print_suppressions=0")
    endif()
    set_tests_properties(${name} PROPERTIES ENVIRONMENT "${environment}")
  endforeach()
endfunction()

# tests/cli/*.sh: the command line as a user meets it. OPSHOST is the binary, OPSHOST_SOURCE the project's root.
function(opshost_cli_tests)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/cli/*_test.sh")
  if(NOT OPSHOST_TESTED)
    return()
  endif()
  foreach(file IN LISTS tests)
    opshost_test_name(name cli "${file}")
    opshost_add_test(${name} cli "${file}" bash "${file}")
    opshost_label_test(${name} cli "${file}")
    set_tests_properties(${name} PROPERTIES
      ENVIRONMENT "OPSHOST=${OPSHOST_TESTED};OPSHOST_SOURCE=${CMAKE_SOURCE_DIR}")
  endforeach()
endfunction()

# examples/*.lua: what a newcomer runs first has to work as it stands.
function(opshost_example_tests)
  file(GLOB examples CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/examples/*.lua")
  if(NOT OPSHOST_TESTED)
    return()
  endif()
  foreach(file IN LISTS examples)
    get_filename_component(stem "${file}" NAME_WE)
    add_test(NAME examples.${stem} COMMAND "${OPSHOST_IN_TEMP_DIR}" "${OPSHOST_TESTED}" run "${file}")
    opshost_label_test(examples.${stem} examples "${file}")
  endforeach()
endfunction()

# tests/static/*_test.sh: the static file in roots that are not the one it was built in.
function(opshost_static_tests)
  file(GLOB tests CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/static/*_test.sh")
  if(NOT OPSHOST_STATIC)
    return()
  endif()
  foreach(file IN LISTS tests)
    opshost_test_name(name static "${file}")
    add_test(NAME ${name} COMMAND "${OPSHOST_IN_TEMP_DIR}" bash "${file}")
    opshost_label_test(${name} static "${file}")
    set_tests_properties(${name} PROPERTIES
      ENVIRONMENT "OPSHOST=${OPSHOST_TESTED};OPSHOST_SOURCE=${CMAKE_SOURCE_DIR}")
  endforeach()
endfunction()

# What needs no sanitizer and is the same under every compiler: once, in the release build.
function(opshost_source_checks)
  if(OPSHOST_SANITIZE OR OPSHOST_STATIC OR OPSHOST_TEST_BINARY OR CMAKE_CXX_COMPILER_ID MATCHES Clang)
    return()
  endif()
  foreach(check IN ITEMS format lua shell size)
    add_test(NAME lint.${check} COMMAND "${CMAKE_SOURCE_DIR}/tools/lint" ${check})
    set_tests_properties(lint.${check} PROPERTIES LABELS lint TIMEOUT 300)
  endforeach()
  if(TARGET opshost)
    add_test(NAME lint.names COMMAND opshost types --lint)
    add_test(NAME lint.generated COMMAND "${CMAKE_SOURCE_DIR}/tools/generate" "$<TARGET_FILE:opshost>" --check)
    set_tests_properties(lint.names lint.generated PROPERTIES LABELS lint TIMEOUT 60)
  endif()
  if(EXISTS "${CMAKE_SOURCE_DIR}/tests/lab/tests/run")
    add_test(NAME lab.quick COMMAND "${CMAKE_SOURCE_DIR}/tests/lab/tests/run" quick)
    add_test(NAME lab.machines COMMAND "${CMAKE_SOURCE_DIR}/tests/lab/tests/run" machines)
    set_tests_properties(lab.quick PROPERTIES LABELS lab TIMEOUT 1800 SKIP_RETURN_CODE 77 COST 100)
    # It judges how long the lab takes, so nothing runs beside it.
    set_tests_properties(lab.machines PROPERTIES LABELS "lab;long" TIMEOUT 1800 SKIP_RETURN_CODE 77 RUN_SERIAL TRUE)
  endif()
endfunction()
