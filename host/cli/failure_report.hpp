#pragma once
// What a person is told when a run has ended.
#include "host/cli/session.hpp"
#include "host/journal/run_journal.hpp"

namespace opshost::cli {

/// One line, or JSON under --json: the run is done, settled or rolled back; what is owed.
void report_end(journal::RunJournal& run, const std::string& state, const Value& value, const SessionOptions& session);

/// The error, the step it was in, the state of what that step touched, its last output, what was taken back, what is
/// owed, and the command that goes on. On stderr; as JSON on stdout too under --json.
void report_failure(const Outcome& outcome, journal::RunJournal& run, const SessionOptions& session, Runtime& runtime);

}  // namespace opshost::cli
