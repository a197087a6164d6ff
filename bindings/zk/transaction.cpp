#include "bindings/zk/transaction.hpp"

#include <deque>

#include "bindings/zk/path.hpp"
#include "bindings/zk/permissions.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::zk {

namespace {

/// What the library puts the answers into.
struct Answers {
  std::vector<zoo_op_result_t> results;
  std::deque<std::vector<char>> paths;
  std::deque<Stat> stats;
};

/// The steps in the library's form. Points into the steps it was made from.
class LibrarySteps {
 public:
  LibrarySteps(const Session& session, const std::vector<TransactionStep>& steps)
      : answers_(std::make_shared<Answers>()), operations_(steps.size()) {
    answers_->results.resize(steps.size());
    for (std::size_t i = 0; i < steps.size(); ++i) add(session, steps[i], operations_[i]);
  }

  [[nodiscard]] const std::vector<zoo_op_t>& operations() const { return operations_; }
  [[nodiscard]] const std::shared_ptr<Answers>& answers() const { return answers_; }

 private:
  void add(const Session& session, const TransactionStep& step, zoo_op_t& operation) {
    const bool is_numbered = step.op == StepKind::create && step.sequential;
    const auto& path = paths_.emplace_back(full_path(session, step.path, is_numbered));
    const auto version = step.version.value_or(-1);
    const auto length = static_cast<int>(step.data.size());
    switch (step.op) {
      case StepKind::create: {
        constexpr std::size_t kDigits = 11;  // with the NUL
        auto& answer = answers_->paths.emplace_back(path.size() + kDigits);
        const auto& acl = acls_.emplace_back(step.acl);
        const int mode = (step.ephemeral ? ZOO_EPHEMERAL : 0) | (step.sequential ? ZOO_SEQUENCE : 0);
        zoo_create_op_init(&operation, path.c_str(), step.data.data(), length, acl.get(), mode, answer.data(),
                           static_cast<int>(answer.size()));
        break;
      }
      case StepKind::set:
        zoo_set_op_init(&operation, path.c_str(), step.data.data(), length, version, &answers_->stats.emplace_back());
        break;
      case StepKind::erase:
        zoo_delete_op_init(&operation, path.c_str(), version);
        break;
      case StepKind::check:
        zoo_check_op_init(&operation, path.c_str(), version);
        break;
    }
  }

  std::shared_ptr<Answers> answers_;
  std::vector<zoo_op_t> operations_;
  std::deque<std::string> paths_;
  std::deque<LibraryAcl> acls_;
};

std::string name_of_kind(StepKind kind) { return *value_of(kind).get_if<std::string>(); }

void check_steps(const Session& session, const std::vector<TransactionStep>& steps) {
  if (steps.empty()) throw Error("usage.argument", "the transaction has no step");
  std::size_t bytes = 0;
  for (const auto& step : steps) {
    check_path(step.path, step.op == StepKind::create && step.sequential);
    constexpr std::size_t kHead = 64;
    bytes += session.chroot().size() + step.path.size() + step.data.size() + kHead;
  }
  check_size(session, {"carry out a transaction at", steps.front().path}, bytes);
}

/// The servers mark the steps after the failed one, and those before it, as not carried out.
Error step_error(const Session& session, const std::vector<TransactionStep>& steps, const Answers& answers, int code) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const int result = answers.results[i].err;
    if (result == ZOK || result == ZRUNTIMEINCONSISTENCY) continue;
    const auto kind = name_of_kind(steps[i].op);
    const Asked asked(kind.c_str(), steps[i].path);
    const auto why = answer_error(result, asked);
    const FailedStep failed{static_cast<std::int64_t>(i + 1), kind, steps[i].path, why.code()};
    return Error("zk.transaction", "step " + std::to_string(i + 1) + " of " + std::to_string(steps.size()) + ", " +
                                       text_of(asked) + ", failed: " + why.message() + ". Nothing was changed")
        .on(session.target())
        .with(value_of(failed))
        .because(why);
  }
  return Error(answer_error(code, {"carry out a transaction at", steps.front().path})).on(session.target());
}

}  // namespace

Awaitable<std::vector<StepResult>> run_transaction(Call& call, SessionPtr session, std::vector<TransactionStep> steps) {
  check_steps(*session, steps);
  const LibrarySteps library(*session, steps);
  const auto& answers = library.answers();
  const Asked asked("carry out a transaction at", steps.front().path);
  const auto begin = [&](zhandle_t* handle, Reply* reply) {
    reply->keeps = answers;
    return zoo_amulti(handle, static_cast<int>(steps.size()), library.operations().data(), answers->results.data(),
                      Reply::on_void, reply);
  };
  const auto reply = co_await session->ask(call, asked, Repeat::never, begin);
  if (reply->code != ZOK) throw step_error(*session, steps, *answers, reply->code);
  std::vector<StepResult> results;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    StepResult result{.path = steps[i].path};
    const auto& answer = answers->results[i];
    if (steps[i].op == StepKind::create) result.path = std::string(answer.value).substr(session->chroot().size());
    if (steps[i].op == StepKind::set) result.stat = stat_from(*answer.stat);
    results.push_back(std::move(result));
  }
  co_return results;
}

}  // namespace opshost::zk
