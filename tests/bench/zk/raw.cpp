// The single-threaded ZooKeeper library in a plain program, as its documentation shows it.
// zk_raw HOSTS get|create COUNT WINDOW: that many requests, WINDOW of them under way at once.
#include <poll.h>
#include <unistd.h>
#include <zookeeper/zookeeper.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

int under_way = 0;
bool connected = false;
bool failed = false;

void on_event(zhandle_t* /*handle*/, int type, int state, const char* /*path*/, void* /*context*/) {
  if (type == ZOO_SESSION_EVENT && state == ZOO_CONNECTED_STATE) connected = true;
}

void done(int code) {
  --under_way;
  if (code != ZOK) failed = true;
}
void on_string(int code, const char* /*value*/, const void* /*data*/) { done(code); }
void on_data(int code, const char* /*value*/, int /*length*/, const Stat* /*stat*/, const void* /*data*/) {
  done(code);
}

void turn(zhandle_t* handle) {
  pollfd watched{};
  int interest = 0;
  timeval wait{};
  zookeeper_interest(handle, &watched.fd, &interest, &wait);
  if ((interest & ZOOKEEPER_READ) != 0) watched.events |= POLLIN;
  if ((interest & ZOOKEEPER_WRITE) != 0) watched.events |= POLLOUT;
  poll(&watched, 1, static_cast<int>(wait.tv_sec * 1000 + wait.tv_usec / 1000));
  int events = 0;
  if ((watched.revents & POLLIN) != 0) events |= ZOOKEEPER_READ;
  if ((watched.revents & POLLOUT) != 0) events |= ZOOKEEPER_WRITE;
  zookeeper_process(handle, events);
}

void create(zhandle_t* handle, const std::string& path, const std::string& data, int mode) {
  ++under_way;
  zoo_acreate(handle, path.c_str(), data.data(), static_cast<int>(data.size()), &ZOO_OPEN_ACL_UNSAFE, mode, on_string,
              nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
  zhandle_t* handle = zookeeper_init(argv[1], on_event, 30000, nullptr, nullptr, 0);
  zoo_set_servers_resolution_delay(handle, -1);
  while (!connected) turn(handle);

  const std::string operation = argv[2];
  const int count = std::atoi(argv[3]);
  const int window = std::atoi(argv[4]);
  const std::string root = "/raw-" + std::to_string(getpid());
  const std::string data(100, 'x');
  create(handle, root, data, ZOO_PERSISTENT);
  while (under_way > 0) turn(handle);
  for (int i = 0; i < count;) {
    for (; i < count && under_way < window; ++i) {
      if (operation == "create") {
        create(handle, root + "/n" + std::to_string(i), data, ZOO_EPHEMERAL);
      } else {
        ++under_way;
        zoo_aget(handle, root.c_str(), 0, on_data, nullptr);
      }
    }
    turn(handle);
  }
  while (under_way > 0) turn(handle);
  zookeeper_close(handle);
  return failed ? 1 : 0;
}
