# opshost_embed_lua(<target> <folder>...): a library with every *.lua file below the folders inside, found through
# host/lua/embedded.hpp. The bytes come in by .incbin, so a changed Lua file costs one assembler run and a link.
function(opshost_embed_lua target)
  set(files "")
  foreach(folder IN LISTS ARGN)
    file(GLOB_RECURSE found RELATIVE "${CMAKE_SOURCE_DIR}" CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${folder}/*.lua")
    list(APPEND files ${found})
  endforeach()
  list(SORT files COMPARE STRING)

  set(assembly ".section .rodata\n")
  set(symbols "")
  set(entries "")
  set(number 0)
  foreach(file IN LISTS files)
    set(symbol opshost_embedded_${number})
    string(APPEND assembly ".global ${symbol}, ${symbol}_end\n${symbol}:\n.incbin \"${CMAKE_SOURCE_DIR}/${file}\"\n${symbol}_end:\n.byte 0\n")
    string(APPEND symbols "extern const char ${symbol}[], ${symbol}_end[];\n")
    string(APPEND entries "    {\"${file}\", {${symbol}, ${symbol}_end}},\n")
    math(EXPR number "${number} + 1")
  endforeach()
  string(APPEND assembly ".section .note.GNU-stack,\"\",%progbits\n")

  set(folder "${CMAKE_CURRENT_BINARY_DIR}/${target}")
  file(CONFIGURE OUTPUT "${folder}/bytes.S" CONTENT "${assembly}" @ONLY)
  file(CONFIGURE OUTPUT "${folder}/table.cpp" @ONLY CONTENT
"#include \"host/lua/embedded.hpp\"
#include <array>
extern \"C\" {
${symbols}}
namespace opshost {
std::span<const EmbeddedFile> embedded_files() {
  static const std::array<EmbeddedFile, ${number}> files{{
${entries}  }};
  return files;
}
}  // namespace opshost
")
  list(TRANSFORM files PREPEND "${CMAKE_SOURCE_DIR}/" OUTPUT_VARIABLE inputs)
  set_source_files_properties("${folder}/bytes.S" PROPERTIES OBJECT_DEPENDS "${inputs}")
  add_library(${target} STATIC "${folder}/bytes.S" "${folder}/table.cpp")
  target_link_libraries(${target} PUBLIC opshost_options)
endfunction()
