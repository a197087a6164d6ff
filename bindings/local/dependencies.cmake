target_link_libraries(binding_local PRIVATE opshost::openssl)
