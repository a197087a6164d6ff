#pragma once
// What a plan found: the changes a run would make, in order, and where it cannot know.
#include <string>
#include <vector>

#include "host/base/value.hpp"
#include "host/lua/description.hpp"

namespace opshost::gate {

class Plan {
 public:
  struct Change {
    std::size_t number;    ///< from 1, as messages name it
    std::string function;  ///< "local.run"
    Effect effect;
    std::string subject;
    ValueList arguments;
    std::string at;
    std::string step;    ///< the step's path; empty outside of a procedure
    std::string diff{};  ///< what it changes in a text, as `diff -u` writes it
  };
  /// What a procedure's plan says beside its changes: a step that is done already, a question, a value assumed.
  struct Remark {
    std::string path;  ///< of the step or question
    std::string text;
    std::size_t after;  ///< the changes listed before it
  };
  /// A read whose answer a planned change may alter.
  struct StaleRead {
    std::size_t change;  ///< the first change before it that touches the same subject
    std::string function;
    std::string subject;
    ValueList arguments;
    std::string at;
  };
  /// From here on the plan does not know: the script needed a value only the run will have.
  struct Unknown {
    std::string because;
    std::string at;
  };

  std::size_t add_change(const FunctionInfo& function, std::string subject, ValueList arguments, std::string at,
                         std::string step = {});
  /// Of the change that was added last.
  void show_diff(std::string diff) { changes_.back().diff = std::move(diff); }
  void add_remark(std::string path, std::string text);
  void add_unknown(std::string because, std::string at);
  /// Marks the read where a planned change touches its subject, once for each place that makes it; returns that
  /// change's number, or 0.
  std::size_t add_read(const FunctionInfo& function, const std::string& subject, const ValueList& arguments,
                       const std::string& at);

  [[nodiscard]] const std::vector<Change>& changes() const { return changes_; }
  [[nodiscard]] const std::vector<Remark>& remarks() const { return remarks_; }
  [[nodiscard]] const std::vector<StaleRead>& stale_reads() const { return stale_reads_; }
  [[nodiscard]] const std::vector<Unknown>& unknowns() const { return unknowns_; }
  /// Exact: no unknown and no stale read.
  [[nodiscard]] bool exact() const { return unknowns_.empty() && stale_reads_.empty(); }

  /// The plan for a person, one line a change, the last line says whether it is exact.
  [[nodiscard]] std::string text() const;
  /// The same as data, for --json.
  [[nodiscard]] Value document() const;

 private:
  [[nodiscard]] std::size_t first_change_touching(const std::string& subject) const;

  [[nodiscard]] std::string changes_text() const;

  std::vector<Change> changes_;
  std::vector<Remark> remarks_;
  std::vector<StaleRead> stale_reads_;
  std::vector<Unknown> unknowns_;
};

/// "local.run({"systemctl", "stop", "docker"}, {cwd = "/"})", "Container:stop() on container web-1": for plans and
/// messages.
std::string call_text(const std::string& function, const ValueList& arguments, const std::string& subject);

}  // namespace opshost::gate
