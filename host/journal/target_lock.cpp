#include "host/journal/target_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>

#include "host/base/write_all.hpp"

namespace opshost::journal {

namespace {

/// A file name for any target: what is no plain character is escaped.
std::string file_name(const std::string& target) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string name;
  for (const char c : target) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || (c == '.' && !name.empty())) {
      name += c;
    } else {
      name += '%';
      name += kHex[byte >> 4U];
      name += kHex[byte & 0xFU];
    }
  }
  return name;
}

Descriptor open_target(const std::string& target) {
  const auto folder = state_folder() + "/targets";
  make_private_folder(folder);
  const auto path = folder + "/" + file_name(target);
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) {
    throw Error("journal.not_writable", "the lock of " + target + " in " + path + " cannot be opened (" +
                                            errno_text(errno) + "); give the folder to yourself");
  }
  return file;
}

std::string holder_of(const Descriptor& file) {
  std::array<char, 128> text{};
  const auto length = ::pread(file.get(), text.data(), text.size(), 0);
  const std::string id(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  return id.substr(0, id.find('\n'));
}

void set_holder(const Descriptor& file, const std::string& id) {
  const auto text = id.empty() ? id : id + "\n";
  if (::ftruncate(file.get(), 0) != 0 || ::lseek(file.get(), 0, SEEK_SET) < 0 || write_all(file.get(), text) != 0 ||
      ::fsync(file.get()) != 0) {
    throw Error("journal.not_writable", "the lock of a target cannot be written (" + errno_text(errno) +
                                            "); make room on the disk of the journal");
  }
}

std::string name_of(const History& history) {
  return history.start() == nullptr ? std::string("a procedure") : history.start()->text("procedure");
}

std::string owed_text(const std::vector<const Cleanup*>& owed) {
  std::string text;
  for (const auto* cleanup : owed) text += (text.empty() ? "" : ", ") + std::string("\"") + cleanup->path + "\"";
  return text;
}

[[noreturn]] void throw_unfinished(const std::string& target, const std::string& id, const History& history) {
  const auto owed = history.owed();
  const bool only_owed = history.state() == "done" || history.state() == "rolled_back";
  const auto what = owed.empty() ? std::string("is not finished (" + history.state() + ")")
                                 : (only_owed ? "owes the clean-up "
                                              : "is not finished (" + history.state() + ") and owes the clean-up ") +
                                       owed_text(owed);
  throw Error("procedure.unfinished", "the run " + id + " of " + name_of(history) + " on " + target + " " + what +
                                          ". Go on with it: `opshost resume " + id +
                                          "`; only put back what is owed: "
                                          "`opshost cleanup " +
                                          id + "`; or give it up: `opshost abandon " + id + " --reason TEXT`")
      .on(target);
}

/// The unfinished run a lock's file names must be dealt with first; one that is gone or ended is no hindrance.
void check_holder(const std::string& target, const std::string& holder) {
  const auto runs = list_runs();
  const auto run = std::find_if(runs.begin(), runs.end(), [&](const RunFolder& known) { return known.id == holder; });
  if (run == runs.end() || is_given_up(*run)) return;
  const auto read = read_run(*run);
  if (read.history.unfinished()) throw_unfinished(target, holder, read.history);
}

}  // namespace

void TargetLocks::take(const std::string& target, const std::string& id) {
  if (std::find(targets_.begin(), targets_.end(), target) != targets_.end()) return;
  auto file = open_target(target);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    const auto holder = holder_of(file);
    throw Error("procedure.target_busy", target + " is being worked on by the run " + holder +
                                             "; wait until it has ended (`opshost show " + holder + "` shows it)")
        .on(target);
  }
  const auto holder = holder_of(file);
  if (!holder.empty() && holder != id) check_holder(target, holder);
  if (holder != id) set_holder(file, id);
  targets_.push_back(target);
  files_.push_back(std::move(file));
}

void TargetLocks::give_back() {
  for (const auto& file : files_) set_holder(file, {});
  files_.clear();
  targets_.clear();
}

void release_targets(const std::vector<std::string>& targets, const std::string& id) {
  for (const auto& target : targets) {
    const auto file = open_target(target);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0 && holder_of(file) == id) set_holder(file, {});
  }
}

}  // namespace opshost::journal
