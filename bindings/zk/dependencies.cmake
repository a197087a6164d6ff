# Debian's package has no pkg-config file.
opshost_headers(zookeeper zookeeper/zookeeper.h)
find_library(zookeeper_LIBRARY zookeeper_st REQUIRED)
target_link_libraries(opshost_zookeeper INTERFACE "${zookeeper_LIBRARY}")
target_link_libraries(binding_zk PUBLIC opshost::zookeeper)
