#include "host/journal/run_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "host/base/digest.hpp"
#include "host/base/json_parse.hpp"
#include "host/base/json_text.hpp"
#include "host/base/names.hpp"
#include "host/base/sync_folder.hpp"
#include "host/base/write_all.hpp"

namespace opshost::journal {

namespace fs = std::filesystem;

namespace {

constexpr const char* kJournal = "/journal.jsonl";
constexpr const char* kGivenUp = "/abandoned.json";

std::string wanted_state_folder() {
  if (const char* named = std::getenv("OPSHOST_STATE"); named != nullptr && *named != '\0')
    return fs::absolute(named).string();
  if (::geteuid() == 0) return "/var/lib/opshost";
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/')
    return std::string(state) + "/opshost";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
    return std::string(home) + "/.local/state/opshost";
  throw Error("journal.not_writable",
              "there is no place for the journal: neither HOME nor XDG_STATE_HOME is set; set "
              "OPSHOST_STATE to a folder that is yours alone");
}

[[noreturn]] void not_writable(const std::string& path, int number) {
  throw Error("journal.not_writable", "the journal's folder " + path + " cannot be used (" + errno_text(number) +
                                          "); make room or give it to yourself, or name another with OPSHOST_STATE");
}

/// By time, so that their order is that of the runs: "20260301-050211-250".
std::string new_id() {
  using namespace std::chrono;
  const auto now = system_clock::now();
  const auto seconds = system_clock::to_time_t(now);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> stamp{};
  const auto length = std::strftime(stamp.data(), stamp.size(), "%Y%m%d-%H%M%S", &parts);
  const auto millis = duration_cast<milliseconds>(now.time_since_epoch()).count() % 1000;
  std::snprintf(stamp.data() + length, stamp.size() - length, "-%03d", static_cast<int>(millis));
  return stamp.data();
}

std::ifstream open_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw Error("journal.not_readable", "cannot read " + path + ": " + errno_text(errno) +
                                            "; runs are readable by whoever began them, and by root");
  }
  return file;
}

/// Enough of it for a record, from its beginning or up to its end.
std::string part_of_file(const std::string& path, std::ios::seekdir from) {
  auto file = open_file(path);
  file.seekg(0, std::ios::end);
  const auto size = std::clamp<std::streamoff>(file.tellg(), 0, kLargestRecord);  // -1: what is no file has no end
  file.seekg(from == std::ios::end ? -size : 0, from);
  std::string text(static_cast<std::size_t>(size), '\0');
  file.read(text.data(), size);
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

std::string whole_file(const std::string& path) {
  const auto file = open_file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

/// Calls `each` with every whole record; returns how many bytes they take.
template <class Each>
std::size_t read_lines(const RunFolder& folder, const std::string& text, Each each) {
  std::size_t good = 0;
  std::uint64_t expected = 1;
  while (good < text.size()) {
    const auto end = text.find('\n', good);
    const bool last = end == std::string::npos || end + 1 == text.size();
    const auto line = std::string_view(text).substr(good, end == std::string::npos ? end : end - good);
    auto record = end == std::string::npos ? std::nullopt : decode(line);
    if (record && record->number != expected) record.reset();
    if (!record && last) return good;
    if (!record) {
      throw Error("journal.damaged", "record " + std::to_string(expected) + " of " + folder.path + kJournal +
                                         " is damaged and others follow it; the run cannot be taken on. Restore the "
                                         "file, or put its targets right by hand and `opshost abandon` it");
    }
    each(std::move(*record));
    ++expected;
    good = end + 1;
  }
  return good;
}

}  // namespace

void make_private_folder(const std::string& path) {
  std::string made;
  for (const auto& part : fs::path(path)) {
    const auto parent = made;
    made = (fs::path(made) / part).string();
    if (::mkdir(made.c_str(), 0700) == 0) {
      if (const int failure = sync_folder(parent); failure != 0) not_writable(parent, failure);
    } else if (errno != EEXIST) {
      not_writable(made, errno);
    }
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) not_writable(path, errno);
  if (!S_ISDIR(status.st_mode)) not_writable(path, ENOTDIR);
}

std::string state_folder() {
  auto folder = wanted_state_folder();
  make_private_folder(folder);
  return folder;
}

RunFolder new_run_folder() {
  const auto runs = state_folder() + "/runs";
  make_private_folder(runs);
  while (true) {
    auto id = new_id();
    auto path = runs + "/" + id;
    if (::mkdir(path.c_str(), 0700) == 0) {
      // The journal's writer syncs this folder with its first record.
      if (::mkdir((path + "/values").c_str(), 0700) != 0) not_writable(path, errno);
      return {std::move(id), std::move(path)};
    }
    if (errno != EEXIST) not_writable(path, errno);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // another run began in the same one
  }
}

std::vector<RunFolder> list_runs() {
  std::vector<RunFolder> runs;
  std::error_code ignored;
  const auto folder = wanted_state_folder() + "/runs";
  for (auto entry = fs::directory_iterator(folder, ignored); entry != fs::directory_iterator();
       entry.increment(ignored)) {
    const auto path = entry->path().string();
    if (fs::exists(path + kJournal, ignored)) runs.push_back({entry->path().filename().string(), path});
  }
  std::sort(runs.begin(), runs.end(), [](const auto& one, const auto& other) { return one.id > other.id; });
  return runs;
}

RunFolder find_run(const std::string& name) {
  const auto runs = list_runs();
  std::vector<RunFolder> fits;
  std::vector<std::string> ids;
  for (const auto& run : runs) {
    ids.push_back(run.id);
    if (run.id == name) return run;
    if (run.id.starts_with(name) || run.id.ends_with("-" + name)) fits.push_back(run);
  }
  if (name == "last" && !runs.empty()) return runs.front();
  if (fits.size() == 1) return fits.front();
  if (fits.size() > 1) {
    throw Error("usage.run", "\"" + name + "\" is the beginning of " + std::to_string(fits.size()) + " runs (" +
                                 fits[0].id + ", " + fits[1].id + ", ...); write more of it");
  }
  throw Error("usage.run", "there is no run \"" + name + "\"" + did_you_mean(name, ids) +
                               "; `opshost runs` lists those in " + wanted_state_folder());
}

ReadRun read_run(const RunFolder& folder) {
  const auto text = whole_file(folder.path + kJournal);
  ReadRun run;
  run.good_bytes = read_lines(folder, text, [&run](const Record& record) { run.history.apply(record); });
  run.torn = run.good_bytes < text.size();
  return run;
}

std::vector<Record> read_records(const RunFolder& folder) {
  std::vector<Record> records;
  read_lines(folder, whole_file(folder.path + kJournal), [&](Record record) { records.push_back(std::move(record)); });
  return records;
}

std::optional<Record> read_first(const RunFolder& folder) {
  const auto text = part_of_file(folder.path + kJournal, std::ios::beg);
  const auto end = text.find('\n');
  return end == std::string::npos ? std::nullopt : decode(std::string_view(text).substr(0, end));
}

std::optional<Record> read_last(const RunFolder& folder) {
  const auto text = part_of_file(folder.path + kJournal, std::ios::end);
  if (!text.ends_with('\n')) return std::nullopt;
  const auto before = text.size() < 2 ? std::string::npos : text.rfind('\n', text.size() - 2);
  return decode(std::string_view(text).substr(before == std::string::npos ? 0 : before + 1));
}

Value whole_value(const std::string& folder, const Value& field) {
  if (field.field("$file") == nullptr) return from_journal_form(field);
  const auto path = folder + "/" + text_field(field, "$file");
  const auto text = whole_file(path);
  auto value = sha256_hex(text) == text_field(field, "sha256") ? parse_json(text) : std::nullopt;
  if (!value) {
    throw Error("journal.damaged", "the value in " + path +
                                       " is not what was written there; the run cannot be taken "
                                       "on. Restore the file, or `opshost abandon` the run");
  }
  return from_journal_form(*value);
}

void give_up(const RunFolder& folder, const Value& why) {
  const auto path = folder.path + kGivenUp;
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  int failure = file ? write_all(file.get(), json_text(why) + "\n") : errno;
  if (failure == 0 && ::fsync(file.get()) != 0) failure = errno;
  if (failure == 0) failure = sync_folder(folder.path);
  if (failure != 0) not_writable(path, failure);
}

bool is_given_up(const RunFolder& folder) { return fs::exists(folder.path + kGivenUp); }

std::string state_text(const RunFolder& folder, const History& history) {
  // One without a result either goes on now or was killed.
  const bool open = history.result() == nullptr && history.abandoned() == nullptr;
  return open && lock_run(folder) ? "killed while " + history.state() : history.state();
}

std::optional<Descriptor> lock_run(const RunFolder& folder) {
  Descriptor file(::open((folder.path + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) not_writable(folder.path, errno);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  return file;
}

}  // namespace opshost::journal
