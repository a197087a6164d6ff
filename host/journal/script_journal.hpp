#pragma once
// The journal of a plain script: its changes are written down for the record, from the first one on; nothing resumes.
#include <memory>
#include <string>
#include <vector>

#include "host/journal/run_journal.hpp"
#include "host/journal/run_start.hpp"

namespace opshost::journal {

class ScriptJournal final : public Journal {
 public:
  /// `files` tells which Lua files are loaded when the first change is made.
  ScriptJournal(asio::io_context& io, std::string script, std::vector<std::string> arguments,
                std::function<std::vector<FileHash>()> files)
      : io_(io), script_(std::move(script)), arguments_(std::move(arguments)), files_(std::move(files)) {}

  Awaitable<ChangeId> intent(Intent intent) override;
  void note(ChangeId change, const std::string& key, Value value) override;
  Awaitable<void> note_durably(ChangeId change, const std::string& key, Value value) override;
  [[nodiscard]] std::string key_of(ChangeId change) const override { return run_->key_of(change); }
  Awaitable<void> outcome(ChangeId change, Outcome outcome) override;

  /// nullptr: the script has changed nothing yet.
  [[nodiscard]] RunJournal* run() { return run_.get(); }
  /// A change was sent, or may have been.
  [[nodiscard]] bool sent_any_change() const;

 private:
  void begin();

  asio::io_context& io_;
  std::string script_;
  std::vector<std::string> arguments_;
  std::function<std::vector<FileHash>()> files_;
  std::shared_ptr<RunJournal> run_;
  bool sent_ = false;
};

}  // namespace opshost::journal
