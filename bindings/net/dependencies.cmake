opshost_package(cares libcares)
opshost_package(ssl libssl)
target_link_libraries(binding_net PUBLIC opshost::cares PRIVATE opshost::ssl)
