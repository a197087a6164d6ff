// What stdlib's procedures write down.
#include <algorithm>

#include "host/fiber/scheduler.hpp"
#include "host/journal/run_journal.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/natives.hpp"
#include "host/lua/operation.hpp"
#include "host/lua/plain_data.hpp"
#include "host/lua/vm.hpp"

namespace opshost::lua {

namespace {

using journal::RunJournal;

/// Parks a fiber until its record is durable. No stop cuts it short: what happened has to be written down.
class RecordWait final : public fiber::Waiter {
 public:
  explicit RecordWait(fiber::Scheduler& scheduler) : scheduler_(scheduler) {}
  void stop(StopReason) override {}
  [[nodiscard]] std::string what() const override { return "the journal"; }

  void told(const std::optional<Error>& failure) {
    failure_ = failure;
    scheduler_.wake(*this);
  }
  void returns(Value value) { value_ = std::move(value); }

  int push_outcome(lua_State* state) override {
    lua_pushboolean(state, failure_ ? 0 : 1);
    if (failure_) {
      push_error(state, *failure_);
    } else {
      push_value(state, value_);
    }
    return 2;
  }

 protected:
  void expired() override {}

 private:
  fiber::Scheduler& scheduler_;
  std::optional<Error> failure_;
  Value value_;
};

constexpr std::size_t kLongestField = 8UL * 1024;

/// The table at `index` as fields of a record; what has no value is left out.
ValueMap read_fields(lua_State* state, int index) {
  ValueMap fields;
  for (lua_pushnil(state); lua_next(state, index) != 0; lua_pop(state, 1)) {
    const int value = lua_gettop(state);
    const std::string name = lua_type(state, value - 1) == LUA_TSTRING ? lua_tostring(state, value - 1) : "";
    const auto read =
        is_error(state, value) ? journal::error_fields(to_error(state, value)) : value_from_lua(state, value);
    fields.emplace_back(name, journal::shrunk(journal::to_journal_form(read), kLongestField));
  }
  // The path first, then by name: the same record always reads the same.
  std::sort(fields.begin(), fields.end(), [](const auto& one, const auto& other) {
    if ((one.first == "path") != (other.first == "path")) return one.first == "path";
    return one.first < other.first;
  });
  return fields;
}

journal::Room room_at(lua_State* state, int index) {
  return lua_toboolean(state, index) != 0 ? journal::Room::reserved : journal::Room::none;
}

Value data_at(lua_State* state, int index) {
  Value value;
  std::string problem;
  if (read_plain_data(state, index, value, problem)) return value;
  throw Error("procedure.not_data", "the value" + problem +
                                        "; only data can be kept for a resume: strings, numbers, booleans, lists and "
                                        "tables of these");
}

/// With the secret blanked a resume would go on with "***", and write it somewhere.
void refuse_secrets(const Value& value) {
  const auto place = journal::blanked_place(value);
  if (!place) return;
  throw Error("procedure.secret", "the value" + *place +
                                      " holds a secret, or what looks like one, and none is written down for a resume. "
                                      "Keep what decides (a digest, a version, where a backup is) and read the rest "
                                      "where it is used");
}

int park_on_record(lua_State* state, std::string kind, ValueMap fields, journal::Room room, Value returns) {
  auto& scheduler = *context_of(state).scheduler;
  const auto wait = std::make_shared<RecordWait>(scheduler);
  wait->returns(std::move(returns));
  scheduler.park(wait);
  run_of(state).append(std::move(kind), std::move(fields), room,
                       [wait](const std::optional<Error>& failure) { wait->told(failure); });
  fiber::Scheduler::push_sentinel(state);
  return kPark;
}

/// Where `body` says kPark the fiber waits.
int yielding_body(lua_State* state, const std::function<int()>& body) {
  int count = 0;
  try {
    count = body();
  } catch (const Error& error) {
    push_error(state, error);
    locate_error(state);
    count = kRaise;
  }
  if (count == kRaise) return lua_error(state);
  if (count == kPark) return lua_yield(state, 1);
  return count;
}

// append(kind, fields, is_end): durable with the next record that is waited for; `is_end` as for `record`
int append(lua_State* state) {
  return native_body(state, [state] {
    run_of(state).append(luaL_checkstring(state, 1), read_fields(state, 2), room_at(state, 3), {});
    return 0;
  });
}

// record(kind, fields, is_end): waits until it is durable; `is_end`: it has its room on a full disk
int record(lua_State* state) {
  return yielding_body(state, [state] {
    return park_on_record(state, luaL_checkstring(state, 1), read_fields(state, 2), room_at(state, 3), {});
  });
}

// record_value(kind, fields, value, is_end) -> the value as it was written down
int record_value(lua_State* state) {
  return yielding_body(state, [state] {
    const auto value = data_at(state, 3);
    refuse_secrets(value);
    auto fields = read_fields(state, 2);
    auto& run = run_of(state);
    auto kept = run.keep(value);
    fields.emplace_back("value", std::move(kept));
    return park_on_record(state, luaL_checkstring(state, 1), std::move(fields), room_at(state, 4),
                          journal::from_journal_form(journal::to_journal_form(value)));
  });
}

// blanked_place(value) -> where in it a record would blank something; nil: nowhere; raises where it is no data
int blanked_place(lua_State* state) {
  return native_body(state, [state] {
    const auto place = journal::blanked_place(data_at(state, 1));
    if (!place) return 0;
    lua_pushlstring(state, place->data(), place->size());
    return 1;
  });
}

// plain_data(value) -> the value as a record would give it back; raises where none would
int plain_data(lua_State* state) {
  return native_body(state, [state] {
    const auto value = data_at(state, 1);
    refuse_secrets(value);
    push_value(state, journal::from_journal_form(journal::to_journal_form(value)));
    return 1;
  });
}

}  // namespace

void add_journal_natives(lua_State* state) {
  set_native(state, "append", append);
  set_native(state, "record", record);
  set_native(state, "record_value", record_value);
  set_native(state, "blanked_place", blanked_place);
  set_native(state, "plain_data", plain_data);
}

}  // namespace opshost::lua
