// What a run that is taken on again finds of what it did: for stdlib's procedures.
#include <algorithm>

#include "host/journal/doubt.hpp"
#include "host/journal/run_journal.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/natives.hpp"
#include "host/lua/vm.hpp"

namespace opshost::lua {

namespace {

void set_text(lua_State* state, const char* name, const std::string& text) {
  lua_pushlstring(state, text.data(), text.size());
  lua_setfield(state, -2, name);
}

void set_flag(lua_State* state, const char* name, bool flag) {
  lua_pushboolean(state, flag ? 1 : 0);
  lua_setfield(state, -2, name);
}

void set_value(lua_State* state, const char* name, const std::optional<Value>& value) {
  if (!value) return;
  push_value(state, run_of(state).value_of(*value));
  lua_setfield(state, -2, name);
}

void set_number(lua_State* state, const char* name, std::uint64_t number) {
  lua_pushnumber(state, static_cast<lua_Number>(number));
  lua_setfield(state, -2, name);
}

// step_state(path) -> nil, or {state, finished, settled, reopened, verdict, attempts, changed, began, acted, value,
// seen}
int step_state(lua_State* state) {
  return native_body(state, [state] {
    auto& history = run_of(state).history();
    auto* step = history.step(text_at(state, 1));
    if (step == nullptr) return 0;
    step->visited = true;
    lua_createtable(state, 0, 12);
    set_text(state, "state", step->state);
    set_text(state, "began", step->began_at);
    set_text(state, "verdict", journal::verdict_name(journal::verdict_of(history, *step)));
    set_flag(state, "finished", step->finished());
    set_flag(state, "settled", step->settled());
    set_flag(state, "reopened", step->reopened);
    set_flag(state, "changed", history.changed(*step));
    set_flag(state, "may_repeat", journal::may_repeat(history, *step));
    set_flag(state, "acted", step->acted);
    set_number(state, "attempts", step->attempts);
    set_number(state, "last_change",
               step->changes.empty() ? step->begun : history.change(step->changes.back())->record);
    set_value(state, "value", step->value);
    set_value(state, "seen", step->seen);
    return 1;
  });
}

// attempt_text(path) -> the changes of the step's current attempt and what became of each, one a line
int attempt_text(lua_State* state) {
  return native_body(state, [state] {
    auto& history = run_of(state).history();
    const auto* step = history.step(text_at(state, 1));
    const auto text = step == nullptr ? std::string() : journal::changes_text(history, *step);
    lua_pushlstring(state, text.data(), text.size());
    return 1;
  });
}

// tracked_changes(path) -> the changes of the step's current attempt, as whoever may ask for them needs them: a list of
// {id, called, repeatable, answered, open, done, untracked, note}
int tracked_changes(lua_State* state) {
  return native_body(state, [state] {
    auto& history = run_of(state).history();
    const auto* step = history.step(text_at(state, 1));
    lua_newtable(state);
    if (step == nullptr) return 1;
    int count = 0;
    for (const auto* change : history.attempt_changes(*step)) {
      const auto* note = change->note(journal::kTracked);
      lua_createtable(state, 0, 8);
      set_number(state, "id", change->id);
      set_text(state, "called", change->function);
      set_flag(state, "repeatable", change->repeatable);
      set_flag(state, "answered", change->answered);
      set_flag(state, "open", change->can_be_asked());
      set_flag(state, "done", change->answered && !change->error);
      set_flag(state, "untracked", change->note(journal::kUntracked) != nullptr);
      if (note != nullptr) set_value(state, "note", *note);
      lua_rawseti(state, -2, ++count);
    }
    return 1;
  });
}

// recorded(kind, path) -> nil, or the record's fields
int recorded(lua_State* state) {
  return native_body(state, [state] {
    auto& run = run_of(state);
    const auto* record = run.history().recorded(text_at(state, 1), text_at(state, 2));
    if (record == nullptr) return 0;
    lua_createtable(state, 0, static_cast<int>(record->fields.size()));
    for (const auto& [name, value] : record->fields) set_value(state, name.c_str(), value);
    return 1;
  });
}

// answer(path) -> nil, or {value, acted_upon}
int answer(lua_State* state) {
  return native_body(state, [state] {
    auto& run = run_of(state);
    const auto path = text_at(state, 1);
    const auto* answer = run.history().answer(path);
    if (answer == nullptr) return 0;
    lua_createtable(state, 0, 2);
    set_value(state, "value", answer->value);
    set_flag(state, "acted_upon", run.history().acted_upon(path));
    return 1;
  });
}

// cleanup_state(path) -> nil, "registered", "failed" or "ran"
int cleanup_state(lua_State* state) {
  return native_body(state, [state] {
    const auto& cleanups = run_of(state).history().cleanups();
    const auto found = cleanups.find(text_at(state, 1));
    if (found == cleanups.end()) return 0;
    lua_pushlstring(state, found->second.state.data(), found->second.state.size());
    return 1;
  });
}

// group_ended(path) -> boolean
int group_ended(lua_State* state) {
  return native_body(state, [state] {
    lua_pushboolean(state, run_of(state).history().group_ended(text_at(state, 1)) ? 1 : 0);
    return 1;
  });
}

// unvisited(path) -> the group's finished steps that this process has not come by
int unvisited(lua_State* state) {
  return native_body(state, [state] {
    push<std::vector<std::string>>(state, run_of(state).history().unvisited(text_at(state, 1)));
    return 1;
  });
}

// visit_within(path): the group's steps count as visited
int visit_within(lua_State* state) {
  return native_body(state, [state] {
    auto& history = run_of(state).history();
    for (const auto& path : history.unvisited(text_at(state, 1))) history.step(path)->visited = true;
    return 0;
  });
}

// has_steps_within(path) -> boolean
int has_steps_within(lua_State* state) {
  return native_body(state, [state] {
    const auto& steps = run_of(state).history().steps();
    const auto group = text_at(state, 1) + "/";
    const auto next = steps.lower_bound(group);
    lua_pushboolean(state, next != steps.end() && next->first.starts_with(group) ? 1 : 0);
    return 1;
  });
}

// owed_count() -> how many clean-ups are owed
int owed_count(lua_State* state) {
  return native_body(state, [state] {
    lua_pushnumber(state, static_cast<lua_Number>(run_of(state).history().owed().size()));
    return 1;
  });
}

// is_logged(path, text) -> boolean
int is_logged(lua_State* state) {
  return native_body(state, [state] {
    const auto& logs = run_of(state).history().logs();
    const auto path = text_at(state, 1);
    const auto text = text_at(state, 2);
    const bool logged = std::any_of(logs.begin(), logs.end(), [&](const journal::Record& record) {
      return record.text("path") == path && record.text("text") == text;
    });
    lua_pushboolean(state, logged ? 1 : 0);
    return 1;
  });
}

// rolling_back() -> boolean
int rolling_back(lua_State* state) {
  lua_pushboolean(state, run_of(state).history().rolling_back() ? 1 : 0);
  return 1;
}

}  // namespace

void add_history_natives(lua_State* state) {
  set_native(state, "step_state", step_state);
  set_native(state, "attempt_text", attempt_text);
  set_native(state, "tracked_changes", tracked_changes);
  set_native(state, "recorded", recorded);
  set_native(state, "answer", answer);
  set_native(state, "cleanup_state", cleanup_state);
  set_native(state, "group_ended", group_ended);
  set_native(state, "unvisited", unvisited);
  set_native(state, "visit_within", visit_within);
  set_native(state, "has_steps_within", has_steps_within);
  set_native(state, "owed_count", owed_count);
  set_native(state, "is_logged", is_logged);
  set_native(state, "rolling_back", rolling_back);
}

}  // namespace opshost::lua
