# The library opshost_build_info, behind host/base/build_info.hpp. This file is also the script that each build runs
# to look at the commit; the source it writes changes only with its content.
if(CMAKE_SCRIPT_MODE_FILE)
  execute_process(COMMAND git describe --always --dirty --exclude=* WORKING_DIRECTORY "${SOURCE}"
    OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT [[
#include "host/base/build_info.hpp"

namespace opshost {
const BuildInfo& build_info() {
  static constexpr BuildInfo info{"@VERSION@", "@COMMIT@", "@COMPILER@", "@LINKAGE@", "@LIBRARIES@"};
  return info;
}
}  // namespace opshost
]])
  return()
endif()

# "libssh2-1-dev 1.10.0-3+b1;...": the libraries among the packages of packages.txt, at the version installed now.
function(opshost_library_versions result)
  file(STRINGS "${CMAKE_SOURCE_DIR}/packages.txt" lines REGEX "^[a-z0-9.+-]+-dev( |$)")
  list(TRANSFORM lines REPLACE " .*" "")
  list(REMOVE_ITEM lines doctest-dev libclang-rt-19-dev)
  execute_process(COMMAND dpkg-query -W -f "\${Package} \${Version};" ${lines} OUTPUT_VARIABLE found ERROR_QUIET)
  string(REGEX REPLACE ";$" "" found "${found}")
  set(${result} "${found}" PARENT_SCOPE)
endfunction()
opshost_library_versions(library_versions)
string(REPLACE ";" ", " library_versions "${library_versions}")

set(build_info "${CMAKE_CURRENT_BINARY_DIR}/build_info.cpp")
add_custom_target(opshost_look_at_commit BYPRODUCTS "${build_info}" COMMENT "Looking at the commit" COMMAND ${CMAKE_COMMAND}
  -D "SOURCE=${CMAKE_SOURCE_DIR}" -D "OUTPUT=${build_info}" -D "VERSION=${PROJECT_VERSION}"
  -D "COMPILER=${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
  -D "LIBRARIES=${library_versions}"
  -D "LINKAGE=$<IF:$<BOOL:${OPSHOST_STATIC}>,static,shared>"
  -P "${CMAKE_CURRENT_LIST_FILE}" VERBATIM)
add_library(opshost_build_info STATIC "${build_info}")
add_dependencies(opshost_build_info opshost_look_at_commit)
target_link_libraries(opshost_build_info PUBLIC opshost_options)
