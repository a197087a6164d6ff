#include "bindings/mysql/connector.hpp"

#include "bindings/mysql/handshake.hpp"

namespace opshost::mysql {

namespace {

sql::Driver& started_driver() {
  static sql::Driver& driver = []() -> sql::Driver& {
    sql::Driver& made = *sql::mysql::get_mysql_driver_instance();
    register_client_plugins();
    return made;
  }();
  return driver;
}

/// The client library keeps state for each thread.
class ThreadUse {
 public:
  ThreadUse() { started_driver().threadInit(); }
  ~ThreadUse() { started_driver().threadEnd(); }
  ThreadUse(const ThreadUse&) = delete;
  ThreadUse& operator=(const ThreadUse&) = delete;
};

}  // namespace

sql::Driver& connector() {
  sql::Driver& driver = started_driver();
  thread_local const ThreadUse use;
  (void)use;
  return driver;
}

}  // namespace opshost::mysql
