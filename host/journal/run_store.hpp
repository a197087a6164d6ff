#pragma once
// Where runs are kept: /var/lib/opshost for root, else $XDG_STATE_HOME/opshost (~/.local/state/opshost);
// OPSHOST_STATE names another place. Folders are 0700, files 0600.
//
//   runs/20260301-050211-250/journal.jsonl, values/, lock
//   targets/NAME        the run that holds the target; locked while a process works on it
#include <optional>
#include <string>
#include <vector>

#include "host/base/descriptor.hpp"
#include "host/journal/history.hpp"

namespace opshost::journal {

/// The state folder; made where it is missing. Throws Error("journal.not_writable").
std::string state_folder();

struct RunFolder {
  std::string id;
  std::string path;
};

/// A new, empty run folder.
RunFolder new_run_folder();

/// The run a person named: its id, the beginning of one, or "last". Throws Error("usage.run") with the nearest ids.
RunFolder find_run(const std::string& name);

/// Every run, latest first.
std::vector<RunFolder> list_runs();

/// What was read of a run.
struct ReadRun {
  History history;
  std::uint64_t good_bytes = 0;  ///< length of the journal up to its last whole record
  bool torn = false;             ///< something follows that is no record
};

/// Throws Error("journal.damaged"): a record before the last is not whole; Error("journal.not_readable").
ReadRun read_run(const RunFolder& folder);
/// The records as they stand, for `show --json`.
std::vector<Record> read_records(const RunFolder& folder);

/// The first record, which is that of the start, and the last; nullopt: it is not whole. What is between is not looked
/// at. Both throw Error("journal.not_readable").
std::optional<Record> read_first(const RunFolder& folder);
std::optional<Record> read_last(const RunFolder& folder);

/// What a field of a record holds, be it in the record or in a file of the run's folder. Throws
/// Error("journal.damaged") where the file is not what was written.
Value whole_value(const std::string& folder, const Value& field);

/// A run whose journal cannot be read any more is given up beside it: nobody has to come back to it. Throws
/// Error("journal.not_writable").
void give_up(const RunFolder& folder, const Value& why);
bool is_given_up(const RunFolder& folder);

/// The run's state as a person reads it: "done", "killed while running".
std::string state_text(const RunFolder& folder, const History& history);

/// Locks a run for this process. nullopt: another process works on it.
std::optional<Descriptor> lock_run(const RunFolder& folder);

/// Makes `path` and what is missing above it, 0700. Throws Error("journal.not_writable").
void make_private_folder(const std::string& path);

}  // namespace opshost::journal
