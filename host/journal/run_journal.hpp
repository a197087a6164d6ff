#pragma once
// The journal of one run in this process: new records go out through it, what was written before comes back from it.
#include <memory>
#include <set>

#include "host/journal/history.hpp"
#include "host/journal/journal.hpp"
#include "host/journal/run_store.hpp"
#include "host/journal/target_lock.hpp"
#include "host/journal/writer.hpp"

namespace opshost::journal {

class RunJournal final : public Journal {
 public:
  /// Begins a new run. Throws Error("journal...").
  static std::shared_ptr<RunJournal> create(asio::io_context& io);
  /// Takes a run on: cuts a torn last line off. Throws Error("procedure.run_busy"): another process works on it.
  static std::shared_ptr<RunJournal> reopen(asio::io_context& io, const RunFolder& folder);

  Awaitable<ChangeId> intent(Intent intent) override;
  void note(ChangeId change, const std::string& key, Value value) override;
  Awaitable<void> note_durably(ChangeId change, const std::string& key, Value value) override;
  [[nodiscard]] std::string key_of(ChangeId change) const override;
  Awaitable<void> outcome(ChangeId change, Outcome outcome) override;

  /// Writes a record with the next durable one.
  void append(std::string kind, ValueMap fields);
  /// Writes a record; `done` runs on the loop when it is durable. `room` as the writer has it.
  void append(std::string kind, ValueMap fields, Room room, Writer::Done done);
  /// The field of a value a resume needs, in journal form: as it stands, or where it is long a reference to a file that
  /// is written with the next record. Throws Error("procedure.value_too_long").
  Value keep(const Value& value, std::size_t most = kMostOfRecord);
  /// The value a field holds: from the record, or from its file.
  [[nodiscard]] Value value_of(const Value& field) const { return whole_value(folder_.path, field); }
  /// Outside of any fiber: everything appended is durable, or why not.
  std::optional<Error> flush() { return writer_->flush(); }

  [[nodiscard]] History& history() { return history_; }
  [[nodiscard]] const RunFolder& folder() const { return folder_; }
  [[nodiscard]] std::uint64_t syncs() const { return writer_->syncs(); }
  [[nodiscard]] TargetLocks& locks() { return locks_; }

 private:
  RunJournal(asio::io_context& io, RunFolder folder, Descriptor lock, Descriptor file, ReadRun read);
  Record new_record(std::string kind, ValueMap fields);

  asio::io_context& io_;
  RunFolder folder_;
  Descriptor lock_;
  History history_;
  TargetLocks locks_;
  ChangeId last_change_ = 0;
  std::set<ChangeId> sensitive_;  ///< changes whose answer is not written down
  std::uint64_t last_value_file_ = 0;
  std::vector<Writer::ValueFile> value_files_;  ///< that go with the next record
  std::unique_ptr<Writer> writer_;              // last: its thread uses none of the above, its reports may
};

/// What becomes of arguments and results of changes beyond `limit` bytes: their size and SHA-256.
Value shrunk(const Value& value, std::size_t limit);

/// An error as records have it.
Value error_fields(const Error& error);

}  // namespace opshost::journal
