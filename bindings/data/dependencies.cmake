opshost_package(fyaml libfyaml)
target_link_libraries(binding_data PRIVATE opshost::fyaml)
