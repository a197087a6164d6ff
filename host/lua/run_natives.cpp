// A procedure's run: its beginning, its targets, its plan, its people. For stdlib's procedures.
#include <ctime>
#include <filesystem>

#include "host/base/json_parse.hpp"
#include "host/base/names.hpp"
#include "host/fiber/scheduler.hpp"
#include "host/gate/gate.hpp"
#include "host/journal/last_run.hpp"
#include "host/journal/run_start.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/natives.hpp"
#include "host/lua/normalize.hpp"
#include "host/lua/procedure.hpp"
#include "host/lua/type_text.hpp"
#include "host/lua/vm.hpp"

namespace opshost::lua {

namespace {

char procedure_key;
char defined_at_key;

ValueMap map_at(lua_State* state, int index) {
  const auto value = journal::to_journal_form(value_from_lua(state, index));
  const auto* map = value.get_if<ValueMap>();
  return map == nullptr ? ValueMap() : *map;
}

std::vector<std::string> strings_at(lua_State* state, int index) {
  std::vector<std::string> texts;
  Mismatch ignored;
  read(state, index, texts, ignored);
  return texts;
}

/// A new run that may not begin leaves nothing behind.
void take_targets(journal::RunJournal& run, const std::vector<std::string>& targets, bool is_new) {
  try {
    for (const auto& target : targets) run.locks().take(target, run.folder().id);
  } catch (const Error&) {
    std::error_code ignored;
    if (is_new) {
      run.locks().give_back();
      std::filesystem::remove_all(run.folder().path, ignored);
    }
    throw;
  }
}

// The start record names every Lua file too.
constexpr std::size_t kMostOfStartValue = 8UL * 1024;

// begin_run(fields, targets, params, hosts): a new run, or the one taken on; takes the targets' locks. `params` and
// `hosts`, or nil, are kept for a resume
int begin_run(lua_State* state) {
  return native_body(state, [state] {
    auto& context = context_of(state);
    auto& vm = Vm::of(state);
    const bool taken_on = context.run != nullptr;
    auto fields = map_at(state, 1);
    const auto targets = strings_at(state, 2);
    fields.emplace_back("targets", ValueList(targets.begin(), targets.end()));
    auto run = taken_on ? std::static_pointer_cast<journal::RunJournal>(context.gate->journal)
                        : journal::RunJournal::create(context.scheduler->io());
    take_targets(*run, targets, !taken_on);
    if (!lua_isnoneornil(state, 3))
      fields.emplace_back("params", run->keep(value_from_lua(state, 3), kMostOfStartValue));
    if (!lua_isnoneornil(state, 4))
      fields.emplace_back("hosts", run->keep(value_from_lua(state, 4), kMostOfStartValue));
    if (taken_on) {
      write_session(*run, std::move(fields), files_of(vm));
    } else {
      write_start(*run, std::move(fields), files_of(vm));
    }
    context.gate->journal = run;
    context.run = run.get();
    vm.on_loaded([run = run.get()](const Vm::LoadedFile& file) {
      run->append("file", *journal::file_fields({file.name, file.sha256, file.built_in}).get_if<ValueMap>());
    });
    return 0;
  });
}

// lock_target(name)
int lock_target(lua_State* state) {
  return native_body(state, [state] {
    auto& run = *context_of(state).run;
    run.locks().take(text_at(state, 1), run.folder().id);
    return 0;
  });
}

// mark_procedure(table): what a procedure's file returns
int mark_procedure(lua_State* state) {
  lua_settop(state, 1);
  lua_pushlightuserdata(state, &procedure_key);
  lua_rawget(state, LUA_REGISTRYINDEX);
  if (lua_isnil(state, -1)) {
    lua_pop(state, 1);
    lua_createtable(state, 0, 1);
    lua_pushliteral(state, "procedure");
    lua_setfield(state, -2, "__metatable");
    lua_pushlightuserdata(state, &procedure_key);
    lua_pushvalue(state, -2);
    lua_rawset(state, LUA_REGISTRYINDEX);
  }
  lua_setmetatable(state, 1);
  lua_pushlightuserdata(state, &defined_at_key);
  lua_pushstring(state, script_position(state).c_str());
  lua_rawset(state, LUA_REGISTRYINDEX);
  return 1;
}

int native_is_procedure(lua_State* state) {
  lua_pushboolean(state, is_procedure(state, 1) ? 1 : 0);
  return 1;
}

// plan_remark(path, text)
int plan_remark(lua_State* state) {
  context_of(state).gate->plan.add_remark(text_at(state, 1), text_at(state, 2));
  return 0;
}

// plan_diff(text): what the change planned last changes in a text
int plan_diff(lua_State* state) {
  context_of(state).gate->plan.show_diff(text_at(state, 1));
  return 0;
}

// planned_changes() -> how many so far
int planned_changes(lua_State* state) {
  lua_pushnumber(state, static_cast<lua_Number>(context_of(state).gate->plan.changes().size()));
  return 1;
}

// last_run(procedure, target) -> nil, or {state, result, facts} of the latest run that sent a change
int last_run(lua_State* state) {
  return native_body(state, [state] {
    const auto procedure = text_at(state, 1);
    const std::string target = lua_isnoneornil(state, 2) ? "" : text_at(state, 2);
    const auto* current = context_of(state).run;
    const auto found = journal::last_run_of(procedure, target, current == nullptr ? "" : current->folder().id);
    if (!found) return 0;
    push_value(state, *found);
    return 1;
  });
}

// seconds_until("05:00") -> to the next time the clock of this machine shows that; nil: no time of day
int seconds_until(lua_State* state) {
  int hours = 0;
  int minutes = 0;
  int end = 0;
  const auto text = text_at(state, 1);
  const bool read = std::sscanf(text.c_str(), "%2d:%2d%n", &hours, &minutes, &end) == 2;
  if (!read || static_cast<std::size_t>(end) != text.size() || hours > 23 || minutes > 59 || hours < 0 || minutes < 0)
    return 0;
  const auto now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  parts.tm_hour = hours;
  parts.tm_min = minutes;
  parts.tm_sec = 0;
  auto then = std::mktime(&parts);
  if (then <= now) {
    ++parts.tm_mday;
    then = std::mktime(&parts);
  }
  lua_pushnumber(state, std::difftime(then, now));
  return 1;
}

// parse_json(text) -> value, or nil
int native_parse_json(lua_State* state) {
  return native_body(state, [state] {
    const auto value = parse_json(text_at(state, 1));
    if (!value) return 0;
    push_value(state, *value);
    return 1;
  });
}

// normalize(type, value) -> the value in its normal form, or nil and what is wrong with it
int normalize(lua_State* state) {
  return native_body(state, [state] {
    const auto& type = type_from_text("ops.procedure", text_at(state, 1));
    lua_settop(state, 2);
    Mismatch mismatch;
    if (push_normalized(state, 2, type, mismatch)) return 1;
    const auto text =
        mismatch.problem.empty() ? "expected " + mismatch.expected + ", got " + mismatch.got : mismatch.problem;
    lua_pushnil(state);
    lua_pushlstring(state, text.data(), text.size());
    return 2;
  });
}

// nearest(name, names) -> `; did you mean "x"?` or ""
int nearest(lua_State* state) {
  return native_body(state, [state] {
    const auto text = did_you_mean(text_at(state, 1), strings_at(state, 2));
    lua_pushlstring(state, text.data(), text.size());
    return 1;
  });
}

}  // namespace

bool is_procedure(lua_State* state, int index) {
  if (lua_type(state, index) != LUA_TTABLE || lua_getmetatable(state, index) == 0) return false;
  lua_pushlightuserdata(state, &procedure_key);
  lua_rawget(state, LUA_REGISTRYINDEX);
  const bool same = lua_rawequal(state, -1, -2) != 0;
  lua_pop(state, 2);
  return same;
}

std::string procedure_defined_at(lua_State* state) {
  lua_pushlightuserdata(state, &defined_at_key);
  lua_rawget(state, LUA_REGISTRYINDEX);
  const char* position = lua_tostring(state, -1);
  std::string text = position == nullptr ? "" : position;
  lua_pop(state, 1);
  return text;
}

std::vector<journal::FileHash> files_of(const Vm& vm) {
  std::vector<journal::FileHash> files;
  for (const auto& file : vm.loaded_files()) files.push_back({file.name, file.sha256, file.built_in});
  return files;
}

void add_run_natives(lua_State* state) {
  set_native(state, "begin_run", begin_run);
  set_native(state, "lock_target", lock_target);
  set_native(state, "mark_procedure", mark_procedure);
  set_native(state, "is_procedure", native_is_procedure);
  set_native(state, "plan_remark", plan_remark);
  set_native(state, "plan_diff", plan_diff);
  set_native(state, "planned_changes", planned_changes);
  set_native(state, "last_run", last_run);
  set_native(state, "seconds_until", seconds_until);
  set_native(state, "parse_json", native_parse_json);
  set_native(state, "normalize", normalize);
  set_native(state, "nearest", nearest);
  add_question_natives(state);
}

}  // namespace opshost::lua
