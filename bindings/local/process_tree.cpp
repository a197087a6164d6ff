#include "bindings/local/process_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <set>
#include <string_view>

#include "bindings/local/folder.hpp"
#include "host/base/descriptor.hpp"

namespace opshost::local {

namespace {

template <class Number>
Number number_of(std::string_view text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// The n-th word of `text`, from 0; empty where there are fewer.
std::string_view word(std::string_view text, int n) {
  for (; n > 0; --n) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) return {};
    text.remove_prefix(space + 1);
  }
  return text.substr(0, text.find(' '));
}

bool is_still(const ProcessEntry& process) {
  const auto now = find_process(process.pid);
  return now && now->started == process.started;
}

std::vector<ProcessEntry> all_processes() {
  std::vector<ProcessEntry> processes;
  const Folder folder(opendir("/proc"));
  if (!folder) return processes;
  while (const dirent* entry = readdir(folder.get())) {
    const auto pid = number_of<pid_t>(entry->d_name);
    if (pid <= 0) continue;
    if (auto process = find_process(pid)) processes.push_back(std::move(*process));
  }
  return processes;
}

}  // namespace

/// proc(5), /proc/PID/stat: "pid (name) state ppid pgrp session ... starttime"; the name may hold anything.
std::optional<ProcessEntry> find_process(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> buffer{};
  const auto size = file ? read(file.get(), buffer.data(), buffer.size()) : -1;
  if (size <= 0) return std::nullopt;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(size));
  const std::size_t open_at = text.find('(');
  const std::size_t close_at = text.rfind(')');
  if (open_at == std::string_view::npos || close_at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(std::min(close_at + 2, text.size()));
  const std::string_view state = word(rest, 0);
  if (state == "Z" || state == "X") return std::nullopt;
  return ProcessEntry{.pid = pid,
                      .parent = number_of<pid_t>(word(rest, 1)),
                      .session = number_of<pid_t>(word(rest, 3)),
                      .started = number_of<std::uint64_t>(word(rest, 19)),
                      .name = std::string(text.substr(open_at + 1, close_at - open_at - 1))};
}

std::vector<ProcessEntry> members_of(pid_t leader, const std::vector<ProcessEntry>& known) {
  std::vector<ProcessEntry> members;
  std::set<pid_t> family{leader};
  for (const ProcessEntry& member : known) {
    if (is_still(member)) family.insert(member.pid);
  }
  const auto processes = all_processes();
  for (bool grown = true; grown;) {  // a child may be listed before its parent
    grown = false;
    for (const ProcessEntry& process : processes) {
      const bool belongs = process.session == leader || family.contains(process.parent);
      if (belongs && family.insert(process.pid).second) grown = true;
    }
  }
  for (const ProcessEntry& process : processes) {
    if (process.pid != leader && family.contains(process.pid)) members.push_back(process);
  }
  return members;
}

void signal_all(const std::vector<ProcessEntry>& members, int signal) {
  for (const ProcessEntry& member : members) {
    if (is_still(member)) kill(member.pid, signal);
  }
}

}  // namespace opshost::local
