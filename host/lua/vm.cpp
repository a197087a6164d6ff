#include "host/lua/vm.hpp"

#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "host/base/digest.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/markers.hpp"
#include "host/lua/natives.hpp"
#include "host/lua/protect.hpp"
#include "host/lua/sandbox.hpp"
#include "host/lua/script_files.hpp"
#include "host/lua/string_functions.hpp"

namespace opshost::lua {

namespace {

char waits_key;

// Reached only for an error outside of every protected call: a defect of opshost, said as such.
int panic(lua_State* state) {
  const char* text = lua_tostring(state, -1);
  std::fprintf(stderr, "opshost: the Lua VM met an error outside of any protected call: %s\n",
               text != nullptr ? text : "(no text)");
  std::abort();
}

/// glibc puts small freed blocks aside, and merges all of them at each large request. A Lua heap has a great many of
/// the ones and makes the others all the time: reading JSON took 15 % longer.
void suit_malloc_to_lua() { mallopt(M_MXFAST, 0); }

}  // namespace

Vm::Vm(VmOptions options, std::vector<ModuleEntry> modules)
    : options_(std::move(options)), entries_(std::move(modules)), allocator_(*this, options_.memory) {
  suit_malloc_to_lua();
  state_ = lua_newstate(&Allocator::allocate, &allocator_);
  if (state_ == nullptr) throw Error("script.memory", "no memory for the Lua VM; raise the limit with --memory");
  lua_atpanic(state_, panic);
  install_protect(state_);
  int count = 0;
  if (!protect(state_, [this](lua_State*) { return open_libraries(), 0; }, count)) {
    throw to_error(state_, -1);
  }
}

Vm::~Vm() { close(); }

void Vm::close() {
  if (state_ == nullptr) return;
  alive_.reset();
  lua_close(std::exchange(state_, nullptr));
}

void Vm::collect_if_wanted(lua_State* running) {
  if (!allocator_.wants_collection()) return;
  lua_gc(running, LUA_GCCOLLECT, 0);
  allocator_.collected();
}

void Vm::open_libraries() {
  luaL_openlibs(state_);
  install_errors(state_);
  install_markers(state_);
  install_string_functions(state_);
  luaJIT_setmode(state_, 0, LUAJIT_MODE_ENGINE | (options_.jit ? LUAJIT_MODE_ON : LUAJIT_MODE_OFF));
}

void Vm::start() {
  int count = 0;
  if (!protect(state_, [this](lua_State*) { return run_prelude(), 0; }, count)) throw to_error(state_, -1);
}

void Vm::run_prelude() {
  push_script_globals(state_, options_.unsafe_lua);
  const int globals = lua_gettop(state_);
  lua_createtable(state_, 0, 32);
  const int natives = lua_gettop(state_);
  add_fiber_natives(state_);
  add_error_natives(state_);
  add_loader_natives(state_);
  add_declare_natives(state_);
  add_unknown_natives(state_);
  add_gate_natives(state_);
  add_text_natives(state_);
  add_secret_natives(state_);
  add_inventory_natives(state_);
  add_hold_natives(state_);
  add_scope_natives(state_);
  add_journal_natives(state_);
  add_history_natives(state_);
  add_run_natives(state_);
  add_output_natives(state_);
  lua_pushvalue(state_, globals);
  lua_setfield(state_, natives, "globals");
  push_null(state_);
  lua_setfield(state_, natives, "null");

  const auto prelude = embedded_text("stdlib/opshost/prelude.lua");
  if (luaL_loadbuffer(state_, prelude.data(), prelude.size(), "=[opshost] prelude") != 0) lua_error(state_);
  lua_pushvalue(state_, natives);
  lua_pushvalue(state_, globals);
  lua_call(state_, 2, 0);

  lua_pushlightuserdata(state_, &waits_key);
  lua_getfield(state_, natives, "waits");
  lua_rawset(state_, LUA_REGISTRYINDEX);
  keep_natives(state_, natives);
  seal_script_globals(state_, globals, options_.unsafe_lua);
}

void Vm::guard_unknowns() {
  int count = 0;
  const bool done = protect(
      state_,
      [](lua_State* state) {
        push_natives(state);
        lua_getfield(state, -1, "internal");
        lua_pushliteral(state, "plan_guards");
        lua_call(state, 1, 0);
        return 0;
      },
      count);
  if (!done) throw to_error(state_, -1);
}

void Vm::use_one_environment() {
  push_environment(state_, true);
  shared_environment_ = luaL_ref(state_, LUA_REGISTRYINDEX);
}

void Vm::push_chunk_environment() {
  if (shared_environment_ != LUA_NOREF) return lua_rawgeti(state_, LUA_REGISTRYINDEX, shared_environment_);
  push_environment(state_, options_.unsafe_lua);
}

void Vm::note_loaded(const ScriptSource& source) {
  auto name = source.chunk_name.substr(1);
  if (!source.built_in && source.chunk_name.front() == '@')
    name = std::filesystem::absolute(name).lexically_normal().string();
  for (const auto& known : loaded_files_) {
    if (known.name == name) return;
  }
  loaded_files_.push_back({.name = name, .sha256 = sha256_hex(source.text), .built_in = source.built_in});
  if (told_of_files_) told_of_files_(loaded_files_.back());
}

void Vm::set_arguments(const std::vector<std::string>& arguments) {
  int count = 0;
  protect(
      state_,
      [&arguments](lua_State* state) {
        push_natives(state);
        push<std::vector<std::string>>(state, arguments);
        lua_setfield(state, -2, "args");
        return 0;
      },
      count);
}

Module* Vm::find_module(const std::string& name) {
  for (const auto& module : modules_) {
    if (module->info().name == name) return module.get();
  }
  for (const auto& entry : entries_) {
    if (name != entry.name) continue;
    auto module = std::make_unique<Module>(entry.name, entry.summary);
    entry.declare(*module);
    return modules_.emplace_back(std::move(module)).get();
  }
  return nullptr;
}

Module& Vm::declare_module(const std::string& name, const std::string& summary) {
  if (auto* known = find_module(name)) return *known;
  return *modules_.emplace_back(std::make_unique<Module>(name, summary));
}

std::vector<const ModuleInfo*> Vm::declared() const {
  std::vector<const ModuleInfo*> infos;
  for (const auto& module : modules_) infos.push_back(&module->info());
  return infos;
}

Vm& Vm::of(lua_State* state) {
  void* allocator = nullptr;
  lua_getallocf(state, &allocator);
  return static_cast<Allocator*>(allocator)->vm();
}

Context& context_of(lua_State* state) { return Vm::of(state).context(); }

lua_State* main_state(lua_State* state) { return Vm::of(state).state(); }

void push_waits(lua_State* state) {
  lua_pushlightuserdata(state, &waits_key);
  lua_rawget(state, LUA_REGISTRYINDEX);
}

}  // namespace opshost::lua
