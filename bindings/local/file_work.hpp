#pragma once
// What all file functions stand on.
#include <sys/stat.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "bindings/local/files.hpp"
#include "host/fiber/blocking.hpp"

namespace opshost::local {

/// Set on the loop when the call was stopped; long work on the file thread asks for it.
class StopFlag {
 public:
  void set() { stopped_ = true; }
  /// Throws once the call was stopped.
  void check() const;

 private:
  std::atomic<bool> stopped_{false};
};

/// Runs `work(flag)` on the file thread. It must own what it touches.
template <class Work>
Awaitable<std::invoke_result_t<Work, const StopFlag&>> on_file_thread(Call& call, Work work) {
  auto flag = std::make_shared<StopFlag>();
  const auto reaction = call.stop().on_stop([flag] { flag->set(); });
  auto job = [flag, work = std::move(work)] { return work(*flag); };
  co_return co_await call.blocking().run_file_work(call, std::move(job));
}

/// Throws usage.argument for what can be no path.
void check_path(const std::string& path);
/// "0644" to bits. Throws usage.argument.
mode_t parse_mode(const std::string& mode);
/// "0644"
std::string mode_text(mode_t mode);

/// Who and what, what the system said, what to do. `operation`: "read", "write", "list", "delete", ... Reads the file
/// system: blocking work.
Error file_error(const std::string& operation, const std::string& path, int number);

/// What kept us from making something in a directory: that it is missing, that we may not write there, ...
Error parent_error(const std::string& operation, const std::string& path, int number);

/// "a directory", "a named pipe"
std::string type_text(mode_t mode);
/// `what`: "a directory, not a file"
Error wrong_type(const std::string& operation, const std::string& path, const std::string& what);

/// The path in quotes, in one safe line.
std::string quoted_path(const std::string& path);

/// Makes a directory and what is missing above it.
void make_directories(const std::string& path, mode_t mode);

/// Owner and group to set; -1 keeps what is.
struct Ownership {
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
};
/// Throws local.user_unknown.
Ownership find_ownership(const std::optional<std::string>& owner, const std::optional<std::string>& group);

/// Names of users and groups, asked for once each: a directory service may be behind them.
class OwnerNames {
 public:
  const std::string& user(uid_t uid);
  const std::string& group(gid_t gid);

 private:
  std::map<uid_t, std::string> users_;
  std::map<gid_t, std::string> groups_;
};

FileInfo describe_file(const std::string& path, const std::string& name, const struct stat& info, OwnerNames& names);

}  // namespace opshost::local
