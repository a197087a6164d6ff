opshost_package(ssh2 libssh2)
target_link_libraries(binding_ssh PRIVATE opshost::ssh2 opshost::openssl)
