#pragma once
// What the first record of a run and of each further session says.
#include "host/base/value.hpp"
#include "host/journal/run_journal.hpp"

namespace opshost::journal {

/// A Lua file of the run.
struct FileHash {
  std::string name;
  std::string sha256;
  bool built_in = false;
};

Value file_fields(const FileHash& file);

/// `fields` (procedure, params, ...) and beside them who, version, files. Durable when it returns; also to syslog.
/// Throws Error.
void write_start(RunJournal& run, ValueMap fields, const std::vector<FileHash>& files);
void write_session(RunJournal& run, ValueMap fields, const std::vector<FileHash>& files);
/// The last record of this process. `fields`: state, exit_code, value or error, owed. Also to syslog.
void write_result(RunJournal& run, ValueMap fields);

/// The file is there and has that SHA-256.
bool is_unchanged(const std::string& path, const std::string& sha256);

/// The run's files on disk that are not what they were: "/etc/opshost/scripts/a.lua (edited)".
std::vector<std::string> edited_files(const History& history);

}  // namespace opshost::journal
