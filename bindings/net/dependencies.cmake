opshost_package(cares libcares)
target_link_libraries(binding_net PUBLIC opshost::cares)
