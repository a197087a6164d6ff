# opshost_link_static(<target>): one file, position independent, that loads nothing at run time. OpenSSL (providers),
# LuaJIT (package.loadlib) and the C++ library all know dlopen; host/cli/static_runtime.cpp answers in its place.
# The linker's warnings about getpwnam and its like ("requires at runtime the shared libraries") are answered there too.
function(opshost_link_static target)
  target_link_options(${target} PRIVATE
    -static-pie -Wl,--wrap=dlopen -Wl,--wrap=dlerror
    -Wl,--gc-sections -Wl,-s)
endfunction()
