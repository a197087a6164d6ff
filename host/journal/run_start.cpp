#include "host/journal/run_start.hpp"

#include <syslog.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "host/base/build_info.hpp"
#include "host/base/digest.hpp"
#include "host/base/secret.hpp"
#include "host/journal/identity.hpp"

namespace opshost::journal {

namespace {

ValueList list_of(const std::vector<FileHash>& files) {
  ValueList list;
  for (const auto& file : files) list.push_back(file_fields(file));
  return list;
}

void to_syslog(const std::string& text) {
  ::openlog("opshost", LOG_PID, LOG_USER);
  ::syslog(LOG_NOTICE, "%s", redact(text).c_str());
  ::closelog();
}

std::string text_of(const ValueMap& fields, std::string_view name) {
  for (const auto& [known, value] : fields) {
    if (known == name && value.get_if<std::string>() != nullptr) return *value.get_if<std::string>();
  }
  return {};
}

void write(RunJournal& run, std::string kind, ValueMap fields) {
  run.append(std::move(kind), std::move(fields), Room::none, [](const std::optional<Error>&) {});
  if (auto failure = run.flush()) throw Error(std::move(*failure));
}

ValueMap with_session(ValueMap fields, const std::vector<FileHash>& files) {
  fields.emplace_back("version", std::string(build_info().version));
  fields.emplace_back("who", identity());
  fields.emplace_back("files", list_of(files));
  return fields;
}

}  // namespace

Value file_fields(const FileHash& file) {
  return ValueMap{{"name", file.name}, {"sha256", file.sha256}, {"origin", file.built_in ? "built in" : "disk"}};
}

void write_start(RunJournal& run, ValueMap fields, const std::vector<FileHash>& files) {
  const auto procedure = text_of(fields, "procedure");
  // Whoever takes it on may stand elsewhere, and its relative paths mean this folder; one that was deleted has no name.
  std::error_code deleted;
  const auto folder = std::filesystem::current_path(deleted).string();
  if (!deleted) fields.emplace_back("cwd", to_journal_form(folder));
  write(run, "start", with_session(std::move(fields), files));
  to_syslog("run " + run.folder().id + " of " + procedure + " begins, by " + identity_text(identity()));
}

void write_session(RunJournal& run, ValueMap fields, const std::vector<FileHash>& files) {
  const auto mode = text_of(fields, "mode");
  write(run, "session", with_session(std::move(fields), files));
  to_syslog("run " + run.folder().id + " is taken on (" + mode + "), by " + identity_text(identity()));
}

void write_result(RunJournal& run, ValueMap fields) {
  const auto state = text_of(fields, "state");
  fields.emplace_back("syncs", run.syncs());
  run.append("result", std::move(fields), Room::reserved, [](const std::optional<Error>&) {});
  const auto failure = run.flush();
  to_syslog("run " + run.folder().id + " ends: " + state);
  if (failure) throw Error(*failure);
}

bool is_unchanged(const std::string& path, const std::string& sha256) {
  const std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  std::ostringstream text;
  text << file.rdbuf();
  return sha256_hex(std::move(text).str()) == sha256;
}

std::vector<std::string> edited_files(const History& history) {
  std::vector<std::string> edited;
  for (const auto& file : history.files()) {
    const auto name = text_field(file, "name");
    const bool on_disk = text_field(file, "origin") == "disk" && name.starts_with('/');
    if (on_disk && !is_unchanged(name, text_field(file, "sha256"))) edited.push_back(name);
  }
  return edited;
}

}  // namespace opshost::journal
