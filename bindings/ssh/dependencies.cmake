opshost_package(ssh2 libssh2)
target_link_libraries(binding_ssh PRIVATE opshost::ssh2 opshost::openssl)
# It computes on its own, for a tenth of a second and on purpose: ThreadSanitizer would look on for half a minute.
if(OPSHOST_SANITIZE STREQUAL "thread")
  set_source_files_properties("${CMAKE_CURRENT_LIST_DIR}/bcrypt_pbkdf.cpp" "${CMAKE_CURRENT_LIST_DIR}/blowfish.cpp"
    PROPERTIES COMPILE_OPTIONS -fno-sanitize=thread SKIP_PRECOMPILE_HEADERS ON)
endif()
