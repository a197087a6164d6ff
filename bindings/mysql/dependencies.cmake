# Connector/C++ has no pkg-config file; it sits on MariaDB's client library.
find_path(mysqlcppconn_INCLUDE_DIR mysql_driver.h REQUIRED)
find_library(mysqlcppconn_LIBRARY mysqlcppconn REQUIRED)
opshost_package(mariadb libmariadb)
opshost_package(libssl libssl)
target_include_directories(binding_mysql SYSTEM PRIVATE ${mysqlcppconn_INCLUDE_DIR})
target_link_libraries(binding_mysql PRIVATE ${mysqlcppconn_LIBRARY} opshost::mariadb opshost::libssl opshost::openssl)
