#include "host/journal/run_journal.hpp"

#include <fcntl.h>

#include <boost/asio/redirect_error.hpp>
#include <cerrno>

#include "host/base/digest.hpp"
#include "host/base/json_text.hpp"
#include "host/base/secret.hpp"
#include "host/base/time.hpp"

namespace opshost::journal {

namespace {

/// Of a record's 64 KiB, what arguments or a result may take.
constexpr std::size_t kLongText = 4UL * 1024;

Descriptor open_journal(const RunFolder& folder) {
  const auto path = folder.path + "/journal.jsonl";
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file) {
    throw Error("journal.not_writable", "the journal " + path + " cannot be written (" + errno_text(errno) +
                                            "); runs are taken on by whoever began them, or by root");
  }
  return file;
}

Value long_text(const std::string& text) {
  return ValueMap{{"bytes", static_cast<std::int64_t>(text.size())}, {"sha256", sha256_hex(text)}};
}

/// Waits on the loop until a line is durable.
class Durable {
 public:
  explicit Durable(const asio::any_io_executor& executor)
      : state_(std::make_shared<State>(State{asio::steady_timer(executor, TimePoint::max())})) {}

  [[nodiscard]] Writer::Done done() const {
    return [state = state_](const std::optional<Error>& failure) {
      state->failure = failure;
      state->told = true;
      state->timer.cancel();
    };
  }
  Awaitable<void> wait() {
    while (!state_->told) {
      boost::system::error_code ignored;
      co_await state_->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (state_->failure) throw Error(*state_->failure);
  }

 private:
  struct State {
    asio::steady_timer timer;
    bool told = false;
    std::optional<Error> failure{};
  };
  std::shared_ptr<State> state_;
};

}  // namespace

Value shrunk(const Value& value, std::size_t limit) {
  if (json_size_bound(value) <= limit || json_text(value).size() <= limit) return value;
  if (limit == 0) return value.is_null() ? value : long_text(json_text(value));
  if (const auto* text = value.get_if<std::string>()) return text->size() > kLongText ? long_text(*text) : value;
  if (const auto* list = value.get_if<ValueList>()) {
    ValueList short_list;
    for (const auto& element : *list) short_list.push_back(shrunk(element, kLongText));
    if (json_text(short_list).size() <= limit) return short_list;
  }
  if (const auto* map = value.get_if<ValueMap>()) {
    ValueMap short_map;
    for (const auto& [name, element] : *map) short_map.emplace_back(name, shrunk(element, kLongText));
    if (json_text(short_map).size() <= limit) return short_map;
  }
  return long_text(json_text(value));
}

Value error_fields(const Error& error) {
  ValueMap fields{{"code", error.code()}, {"message", error.message()}};
  if (!error.op().empty()) fields.emplace_back("op", error.op());
  if (!error.target().empty()) fields.emplace_back("target", error.target());
  fields.emplace_back("retryable", error.is_retryable());
  fields.emplace_back("maybe_applied", error.is_maybe_applied());
  if (!error.detail().is_null()) fields.emplace_back("detail", shrunk(error.detail(), kLongText * 2));
  return fields;
}

RunJournal::RunJournal(asio::io_context& io, RunFolder folder, Descriptor lock, Descriptor file, ReadRun read)
    : io_(io),
      folder_(std::move(folder)),
      lock_(std::move(lock)),
      history_(std::move(read.history)),
      writer_(std::make_unique<Writer>(io, std::move(file), read.good_bytes, history_.last_number(), folder_.path)) {
  if (!history_.changes().empty()) last_change_ = history_.changes().rbegin()->first;
  // The start's record goes with two at most, every other with one.
  if (history_.last_number() > 0) last_value_file_ = history_.last_number() + 1;
}

std::shared_ptr<RunJournal> RunJournal::create(asio::io_context& io) {
  auto folder = new_run_folder();
  auto lock = lock_run(folder);
  auto file = open_journal(folder);
  return std::shared_ptr<RunJournal>(
      new RunJournal(io, std::move(folder), lock ? std::move(*lock) : Descriptor(), std::move(file), {}));
}

std::shared_ptr<RunJournal> RunJournal::reopen(asio::io_context& io, const RunFolder& folder) {
  auto lock = lock_run(folder);
  if (!lock) {
    throw Error("procedure.run_busy", "another process works on the run " + folder.id + "; wait until it has ended");
  }
  auto read = read_run(folder);
  auto file = open_journal(folder);
  if (read.torn && ::ftruncate(file.get(), static_cast<off_t>(read.good_bytes)) != 0) {
    throw Error("journal.not_writable", "the torn last line of " + folder.path + "/journal.jsonl cannot be cut off (" +
                                            errno_text(errno) + "); repair the disk");
  }
  return std::shared_ptr<RunJournal>(new RunJournal(io, folder, std::move(*lock), std::move(file), std::move(read)));
}

Record RunJournal::new_record(std::string kind, ValueMap fields) {
  return {
      .number = history_.last_number() + 1, .time = utc_now(), .kind = std::move(kind), .fields = std::move(fields)};
}

void RunJournal::append(std::string kind, ValueMap fields) {
  append(std::move(kind), std::move(fields), Room::none, {});
}

void RunJournal::append(std::string kind, ValueMap fields, Room room, Writer::Done done) {
  auto record = new_record(std::move(kind), std::move(fields));
  history_.apply(record);
  writer_->append(
      {.record = std::move(record), .room = room, .done = std::move(done), .files = std::exchange(value_files_, {})});
}

Value RunJournal::keep(const Value& value, std::size_t most) {
  auto form = to_journal_form(value);
  auto text = json_text(form);
  if (text.size() <= most) return form;
  if (text.size() > kLargestValue) {
    throw Error("procedure.value_too_long", "a value of " + std::to_string(text.size()) +
                                                " bytes is to be kept for a resume; 16MiB is the most. Keep what "
                                                "decides, not the whole answer");
  }
  auto name = "values/" + std::to_string(++last_value_file_) + ".json";
  ValueMap reference{{"$file", name}, {"bytes", static_cast<std::int64_t>(text.size())}, {"sha256", sha256_hex(text)}};
  value_files_.push_back({std::move(name), std::move(text)});
  return reference;
}

namespace {

/// A file's new content is not what a journal is for, nor is what a step calls sensitive.
void hide_bodies(Intent& intent) {
  const bool is_file = intent.function.ends_with("write_file");
  for (std::size_t i = 0; i < intent.arguments.size(); ++i) {
    auto& argument = intent.arguments[i];
    const auto* text = argument.get_if<std::string>();
    if (intent.sensitive || (is_file && i == 1))
      argument = long_text(text == nullptr ? json_text(to_journal_form(argument)) : *text);
  }
}

}  // namespace

Awaitable<ChangeId> RunJournal::intent(Intent intent) {
  const auto id = ++last_change_;
  hide_bodies(intent);
  if (intent.sensitive) sensitive_.insert(id);
  ValueMap fields{{"id", id},
                  {"step", intent.step},
                  {"function", intent.function},
                  {"subject", redact(intent.subject)},
                  {"arguments", shrunk(to_journal_form(intent.arguments), kMostOfRecord)},
                  {"repeatable", intent.repeatable},
                  {"at", intent.at}};
  Durable durable(io_.get_executor());
  append("intent", std::move(fields), Room::outcome, durable.done());
  try {
    co_await durable.wait();
  } catch (const Error&) {
    history_.forget_change(id);
    throw;
  }
  co_return id;
}

namespace {

ValueMap note_fields(ChangeId change, const std::string& key, const Value& value) {
  return {{"id", change}, {"key", key}, {"value", shrunk(to_journal_form(value), kLongText)}};
}

}  // namespace

void RunJournal::note(ChangeId change, const std::string& key, Value value) {
  append("note", note_fields(change, key, value));
}

Awaitable<void> RunJournal::note_durably(ChangeId change, const std::string& key, Value value) {
  Durable durable(io_.get_executor());
  append("note", note_fields(change, key, value), Room::none, durable.done());
  co_await durable.wait();
}

std::string RunJournal::key_of(ChangeId change) const { return folder_.id + "." + std::to_string(change); }

Awaitable<void> RunJournal::outcome(ChangeId change, Outcome outcome) {
  ValueMap fields{{"id", change}};
  if (outcome.error) {
    fields.emplace_back("error", shrunk(to_journal_form(error_fields(*outcome.error)), kMostOfRecord));
  } else {
    const auto limit = sensitive_.contains(change) ? 0 : kMostOfRecord;
    fields.emplace_back("result", shrunk(to_journal_form(outcome.result), limit));
  }
  Durable durable(io_.get_executor());
  append("outcome", std::move(fields), Room::reserved, durable.done());
  co_await durable.wait();
}

}  // namespace opshost::journal
