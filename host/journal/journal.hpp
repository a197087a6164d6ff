#pragma once
// What is written down of every change: an intent before it is sent, notes while it runs, its outcome after. The gate
// speaks to this interface; a run's journal implements it.
#include <cstdint>
#include <optional>
#include <string>

#include "host/base/error.hpp"
#include "host/fiber/asio.hpp"

namespace opshost::journal {

using ChangeId = std::uint64_t;

/// A change about to be sent.
struct Intent {
  std::string function;  ///< "local.write_file"
  std::string subject;   ///< what it touches: "this machine", "container web-1"
  std::string at;        ///< "script.lua:12"
  std::string step;      ///< the step's path; empty outside of a procedure
  ValueList arguments;   ///< as the script gave them; secrets, handles and functions are Opaque
  bool repeatable = false;
  bool sensitive = false;  ///< arguments and answer are written down as their size and SHA-256 alone
};

struct Outcome {
  Value result;                ///< what the call returned; null where it raised
  std::optional<Error> error;  ///< what it raised
};

/// False: the change did not happen and may be sent again without a doubt. An error that says it may have been applied
/// counts as sent, and so does one of a command that ran and ended otherwise than accepted ("local.exit",
/// "ssh.signal").
[[nodiscard]] bool counts_as_sent(const std::optional<Error>& error);

class Journal {
 public:
  Journal() = default;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  virtual ~Journal() = default;

  /// Returns once the record is durable: only then may the change be sent. Throws when it cannot be written, and from
  /// then on always: no change goes out unrecorded.
  virtual Awaitable<ChangeId> intent(Intent intent) = 0;
  /// Something a resume can ask for: a pid, an exec id. Written with the next durable record at the latest.
  virtual void note(ChangeId change, const std::string& key, Value value) = 0;
  /// The same; returns once the record is durable.
  virtual Awaitable<void> note_durably(ChangeId change, const std::string& key, Value value) = 0;
  /// A name that no other change of any run has.
  [[nodiscard]] virtual std::string key_of(ChangeId change) const = 0;
  /// Returns once the record is durable: only then does the fiber go on.
  virtual Awaitable<void> outcome(ChangeId change, Outcome outcome) = 0;
};

}  // namespace opshost::journal
