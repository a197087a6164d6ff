#include "host/log/log.hpp"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "host/base/descriptor.hpp"
#include "host/base/error.hpp"
#include "host/base/secret.hpp"
#include "host/base/unblocked_descriptor.hpp"
#include "host/base/utf8.hpp"
#include "host/base/value.hpp"
#include "host/base/write_all.hpp"
#include "host/log/error_output.hpp"
#include "host/log/json_line.hpp"
#include "host/term/color.hpp"

namespace opshost {

namespace {

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

Style style_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::debug:
      return Style::faint;
    case spdlog::level::warn:
      return Style::warning;
    case spdlog::level::err:
      return Style::bad;
    default:
      return Style::plain;
  }
}

using Sink = spdlog::sinks::base_sink<std::mutex>;

/// spdlog's own sinks write through stdio, which dies of SIGPIPE and hands its descriptors to children.
class StderrSink final : public Sink {
 public:
  void set_color(bool color) {
    const std::lock_guard lock(mutex_);
    color_ = color;
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    const std::string_view text(line.data(), line.size());
    const std::size_t begin = message.color_range_start;
    const std::size_t end = message.color_range_end;
    std::string shown(text.substr(0, begin));
    shown += styled(text.substr(begin, end - begin), style_of(message.level), color_);
    shown += text.substr(end);
    standard_error().write(shown);
  }
  void flush_() override {}

  bool color_ = wants_color(STDERR_FILENO);
};

class FileSink final : public Sink {
 public:
  FileSink(Descriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    const int error = write_all(file_.get(), {line.data(), line.size()});
    if (error != 0 && !has_failed_) {
      standard_error().write("opshost: the log " + path_ + " cannot be written (" + errno_text(error) +
                             "); lines are missing there, the run goes on\n");
    }
    has_failed_ = error != 0;
  }
  void flush_() override {}

  Descriptor file_;
  std::string path_;
  bool has_failed_ = false;
};

/// Loggers of our own, outside spdlog's registry: no thread, no global state but this.
struct Logs {
  std::shared_ptr<StderrSink> stderr_sink = std::make_shared<StderrSink>();
  std::shared_ptr<spdlog::logger> person = std::make_shared<spdlog::logger>("stderr", stderr_sink);
  std::shared_mutex file_mutex;
  std::shared_ptr<spdlog::logger> file;  ///< guarded; null until log_to_file
  std::atomic<bool> has_file{false};

  Logs() {
    person->set_formatter(std::make_unique<spdlog::pattern_formatter>("%H:%M:%S %^%l%$: %v"));
    person->set_level(spdlog::level::warn);
  }

  std::shared_ptr<spdlog::logger> file_log() {
    if (!has_file.load(std::memory_order_acquire)) return nullptr;
    const std::shared_lock lock(file_mutex);
    return file;
  }
};

/// Never destroyed: threads may log while the process exits.
Logs& logs() {
  static Logs& instance = *new Logs;
  return instance;
}

/// Each line made safe for a terminal; what follows the first is indented, so that no text can pass for a message.
std::string printable_lines(std::string_view text) {
  std::string shown;
  while (true) {
    const std::size_t end = text.find('\n');
    shown += printable(text.substr(0, end));
    if (end == std::string_view::npos || end + 1 == text.size()) return shown;
    shown += "\n  ";
    text.remove_prefix(end + 1);
  }
}

/// host=web-1, seen="two words"
std::string field_text(const std::string& value) {
  const bool plain = !value.empty() && value.find_first_of(" ,()\"=\n\t") == std::string::npos;
  return plain ? printable(value) : describe(value, std::string::npos);
}

std::string person_text(std::string_view text, const LogFields& fields) {
  std::string shown = printable_lines(redact(text));
  std::string_view separator = " (";
  for (const auto& [name, value] : fields) {
    shown.append(separator).append(name).append("=").append(field_text(redact(value)));
    separator = ", ";
  }
  return fields.empty() ? shown : shown + ")";
}

/// What follows time and level in a line of JSON.
std::string json_members(std::string_view text, const LogFields& fields) {
  std::string json = "\"message\":";
  append_json_string(json, redact(text));
  for (const auto& [name, value] : fields) {
    json += ',';
    append_json_string(json, name);
    json += ':';
    append_json_string(json, redact(value));
  }
  return json;
}

void tell_person(Level level, std::string_view text, const LogFields& fields) {
  const auto spdlog_name = spdlog_level(level);
  if (logs().person->should_log(spdlog_name)) logs().person->log(spdlog_name, person_text(text, fields));
}

void write_in_file(Level level, std::string_view text, const LogFields& fields) {
  const auto spdlog_name = spdlog_level(level);
  const auto file = logs().file_log();
  if (file && file->should_log(spdlog_name)) file->log(spdlog_name, json_members(text, fields));
}

/// No memory, no mutex: say at least that.
void say_that_message_is_lost(const std::exception& error) {
  std::string_view text = error.what();
  const UnblockedDescriptor stderr_now(STDERR_FILENO);
  std::string_view before = "opshost: a log message is lost: ";
  std::string_view after = "\n";
  for (std::string_view* part : {&before, &text, &after}) stderr_now.write(*part);
}

Descriptor open_log(const std::string& path) {
  Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) {
    throw Error("log.not_writable", "cannot open the log " + path + " (" + errno_text(errno) +
                                        "); name a file in a folder you may write to")
        .on(path);
  }
  return file;
}

}  // namespace

void log_to_stderr(Level least) {
  logs().stderr_sink->set_color(wants_color(STDERR_FILENO));
  logs().person->set_level(spdlog_level(least));
}

void log_to_file(const std::string& path, Level least) {
  auto file = std::make_shared<spdlog::logger>("file", std::make_shared<FileSink>(open_log(path), path));
  file->set_formatter(std::make_unique<spdlog::pattern_formatter>(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})",
                                                                  spdlog::pattern_time_type::utc));
  file->set_level(spdlog_level(least));
  const std::unique_lock lock(logs().file_mutex);
  logs().file = std::move(file);
  logs().has_file.store(true, std::memory_order_release);
}

void log(Level level, std::string_view text, const LogFields& fields) noexcept {
  try {
    tell_person(level, text, fields);
    write_in_file(level, text, fields);
  } catch (const std::exception& error) {
    say_that_message_is_lost(error);
  }
}

void log_in_file(Level level, std::string_view text, const LogFields& fields) noexcept {
  try {
    write_in_file(level, text, fields);
  } catch (const std::exception& error) {
    say_that_message_is_lost(error);
  }
}

bool is_logged(Level level) noexcept {
  const auto spdlog_name = spdlog_level(level);
  if (logs().person->should_log(spdlog_name)) return true;
  const auto file = logs().file_log();
  return file && file->should_log(spdlog_name);
}

}  // namespace opshost
