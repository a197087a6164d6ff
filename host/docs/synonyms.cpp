#include "host/docs/synonyms.hpp"

#include <algorithm>

namespace opshost::docs {
namespace {

constexpr unsigned kCallable = static_cast<unsigned>(Place::function);
constexpr unsigned kInput = Place::parameter | Place::option;
constexpr unsigned kField = Place::option | Place::answer | Place::detail;
constexpr unsigned kNamed = kField | Place::parameter | Place::function;

bool has_word(std::string_view name, std::string_view word, bool only_first) {
  for (bool first = true; !name.empty(); first = false) {
    if (!first && only_first) return false;
    // A synonym of two words ("wait_for") is compared with as many of the name's.
    const bool starts = name.starts_with(word) && (name.size() == word.size() || name[word.size()] == '_');
    if (starts) return true;
    const std::size_t end = name.find('_');
    if (end == std::string_view::npos) return false;
    name.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace

std::span<const Synonym> synonyms() {
  // Who reads a process's options: what stands beside its accepted exit codes.
  static const std::vector<std::string_view> command_options{"cwd",        "env",     "as_user",
                                                             "max_output", "on_line", "accept"};
  static const std::vector<std::string_view> fan_out_options{"parallel", "serial", "max_fail", "on_error"};
  static const std::vector<std::string_view> step_fields{"run", "undo", "verify", "done"};
  static const std::vector<std::string_view> effects{"observe", "change", "destroy"};
  static const std::vector<Synonym> table{
      {"read_timeout", "`timeout`", kInput},
      {"write_timeout", "`timeout`", kInput},
      {"deadline", "`timeout`; a block's is ops.deadline", kInput},
      {"interval", "`every`", kInput},
      {"poll", "`every` for a pause, `wait_<state>` for a wait", kInput | Place::function, Match::first_word},
      {"wait_for", "`wait_<state>`", kCallable, Match::first_word},
      {"rollout_status", "`wait_<state>`", kCallable},
      {"exec", "`read` or `run` for a process, `execute` for SQL", kCallable},
      {"sh", "ops.shell in place of the arguments", kNamed},
      {"callback", "`on_line`, or what the function is for", kInput},
      {"idempotent", "`repeatable`", kNamed},
      {"fetchall", "`rows`, a stream, or `query`", kCallable},
      {"fetch_all", "`rows`, a stream, or `query`", kCallable},
      {"check", "`accept`", kInput, Match::whole, command_options},
      {"check", "`done`, or `verify` for what is more", kInput, Match::whole, step_fields},
      {"warn", "`accept`", kInput, Match::whole, command_options},
      {"exited", "`exit_code`", kField},
      {"workdir", "`cwd`", kNamed},
      {"sudo", "`as_user`", kNamed},
      {"gateway", "`via`", kInput},
      {"jump", "`via`", kInput, Match::first_word},
      {"forks", "`parallel`", kInput},
      {"limit", "`parallel`, `serial` or `max_fail`", kInput, Match::whole, fan_out_options},
      {"assert", "`require` for a precondition, `guard` for an invariant", kCallable},
      {"defer", "`cleanup`", kNamed},
      {"finally", "`cleanup`", kNamed},
      {"prompt", "`confirm`, `choose`, `input` or `manual`", kCallable},
      {"observed", "`seen`", kField},
      {"last", "`seen`", static_cast<unsigned>(Place::detail)},
      {"get_or_nil", "`find_*`", kCallable, Match::first_word},
      {"remove", "`delete`", kCallable | Place::option, Match::first_word},
      {"rm", "`delete`", kCallable | Place::option, Match::first_word},
      {"group", "ssh.hosts", kCallable, Match::whole, {}, "ssh"},
      {"master", "`primary`", kNamed | Place::choice | Place::error_code, Match::any_word},
      {"slave", "`replica`, or `backup` where the pair says so", kNamed | Place::choice | Place::error_code,
       Match::any_word},
      {"read", "`observe`", static_cast<unsigned>(Place::choice), Match::whole, effects},
      {"write", "`change`", static_cast<unsigned>(Place::choice), Match::whole, effects},
  };
  return table;
}

bool is_banned(const Synonym& synonym, std::string_view name, Place place, std::string_view module,
               std::span<const std::string_view> siblings) {
  if ((synonym.places & static_cast<unsigned>(place)) == 0) return false;
  if (!synonym.module.empty() && synonym.module != module) return false;
  const bool same = synonym.match == Match::whole ? name == synonym.banned
                                                  : has_word(name, synonym.banned, synonym.match == Match::first_word);
  if (!same) return false;
  return synonym.beside.empty() || std::any_of(siblings.begin(), siblings.end(), [&](std::string_view sibling) {
           return std::find(synonym.beside.begin(), synonym.beside.end(), sibling) != synonym.beside.end();
         });
}

}  // namespace opshost::docs
