#pragma once
// A journal that writes into a bench's log, as slowly and as badly as a test wants.
#include <boost/asio/redirect_error.hpp>
#include <memory>
#include <stdexcept>
#include <string>

#include "host/base/json_text.hpp"
#include "host/journal/journal.hpp"
#include "test_module.hpp"

namespace opshost::test {

class RecordingJournal final : public journal::Journal {
 public:
  RecordingJournal(Bench& bench, asio::any_io_executor executor) : bench_(bench), executor_(std::move(executor)) {}

  std::string refuse_intent;  ///< set: the code of the error an intent ends with
  bool break_intent = false;  ///< an exception of no type of ours
  std::string refuse_outcome;
  bool break_outcome = false;
  bool hold_intent = false;  ///< intents are durable only once the gate "intent" opens
  journal::Intent last_intent;
  journal::Outcome last_outcome;

  Awaitable<journal::ChangeId> intent(journal::Intent intent) override {
    co_await asio::post(executor_, asio::use_awaitable);
    last_intent = intent;
    bench_.log.push_back("intent of " + intent.function + " in [" + intent.step + "]");
    if (hold_intent) {
      auto gate = std::make_shared<asio::steady_timer>(executor_, TimePoint::max());
      bench_.gates["intent"] = gate;
      boost::system::error_code opened;
      co_await gate->async_wait(asio::redirect_error(asio::use_awaitable, opened));
      bench_.log.emplace_back("intent is durable");
    }
    if (break_intent) throw std::runtime_error("ink spilt");
    if (!refuse_intent.empty()) throw Error(refuse_intent, "the disk is full; make room");
    co_return ++last_id_;
  }
  void note(journal::ChangeId change, const std::string& key, Value value) override {
    bench_.log.push_back("note " + std::to_string(change) + " " + key + " = " + describe(value));
  }
  Awaitable<void> note_durably(journal::ChangeId change, const std::string& key, Value value) override {
    co_await asio::post(executor_, asio::use_awaitable);
    note(change, key, std::move(value));
  }
  [[nodiscard]] std::string key_of(journal::ChangeId change) const override { return "run." + std::to_string(change); }
  Awaitable<void> outcome(journal::ChangeId change, journal::Outcome outcome) override {
    co_await asio::post(executor_, asio::use_awaitable);
    const auto& error = outcome.error;
    const std::string result = error
                                   ? error->code() + (error->is_maybe_applied() ? " (maybe applied)" : " (not applied)")
                                   : describe(outcome.result, 4000);
    bench_.log.push_back("outcome " + std::to_string(change) + " " + result);
    last_outcome = std::move(outcome);
    if (break_outcome) throw std::runtime_error("ink spilt");
    if (!refuse_outcome.empty()) throw Error(refuse_outcome, "the disk is full; make room");
  }

 private:
  Bench& bench_;
  asio::any_io_executor executor_;
  journal::ChangeId last_id_ = 0;
};

}  // namespace opshost::test
