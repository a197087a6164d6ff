#pragma once
// Several changes that happen together or not at all.
#include <optional>
#include <string>
#include <vector>

#include "bindings/zk/operations.hpp"

namespace opshost::zk {

enum class StepKind : std::uint8_t { create, set, erase, check };
OPSHOST_ENUM(StepKind, "What a step of a transaction does", (create, "create"), (set, "set"), (erase, "delete"),
             (check, "check"))

struct TransactionStep {
  StepKind op = StepKind::check;
  std::string path{};
  std::string data{};
  std::optional<std::int32_t> version{};
  bool ephemeral = false;
  bool sequential = false;
  Acl acl = AclPreset::open;
};
OPSHOST_RECORD(TransactionStep, "One step of a transaction",
               (op, "create, set, delete, or check: only that the node has that version", required),
               (path, "the node", required), (data, "create and set: its bytes"),
               (version, "set, delete and check: only if the node's version is this one"),
               (ephemeral, "create: it ends with our session"), (sequential, "create: the server appends ten digits"),
               (acl, "create: who may do what, as in `create`"))

struct StepResult {
  std::string path{};
  std::optional<NodeStat> stat{};
};
OPSHOST_RECORD(StepResult, "What a step of a transaction did",
               (path, "the node; of a sequential one, with the digits the server appended"),
               (stat, "of a set, what the node has now"))

struct TransactionOptions {
  Duration timeout = 60s;
};
OPSHOST_RECORD(TransactionOptions, "How to carry out a transaction", (timeout, "how long to wait for the answer"))

struct FailedStep {
  std::int64_t step = 0;
  std::string op{};
  std::string path{};
  std::string code{};
};
OPSHOST_RECORD(FailedStep, "The step of a transaction that failed", (step, "which one, from 1"), (op, "what it does"),
               (path, "its node"), (code, "why it failed: \"zk.bad_version\""))

/// One result for each step. Throws Error("zk.transaction", FailedStep) where a step failed: nothing was changed then;
/// zk.too_large, and what requests throw otherwise.
Awaitable<std::vector<StepResult>> run_transaction(Call& call, SessionPtr session, std::vector<TransactionStep> steps);

}  // namespace opshost::zk
