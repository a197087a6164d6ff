#include "host/lua/source_scope.hpp"

#include <algorithm>
#include <array>
#include <ranges>
#include <tuple>

namespace opshost {
namespace {

/// After these, what is a global and what is not cannot be told from the text.
constexpr std::array<std::string_view, 4> kEnvironmentChangers{"_G", "getfenv", "module", "setfenv"};

}  // namespace

SourceScope::SourceScope(const SourceNames& names) : names_(names) { open(); }

void SourceScope::declare(std::string_view name, Meaning meaning) {
  blocks_.back().insert_or_assign(std::string(name), variables_.size());
  variables_.push_back({.meaning = std::move(meaning)});
}

std::optional<VariableId> SourceScope::find(std::string_view name) const {
  for (const auto& block : std::views::reverse(blocks_)) {
    if (const auto found = block.find(name); found != block.end()) return found->second;
  }
  return std::nullopt;
}

std::vector<std::string> SourceScope::visible() const {
  std::vector<std::string> all;
  for (const auto& block : blocks_) {
    for (const auto& [name, id] : block) all.push_back(name);
  }
  return all;
}

Meaning SourceScope::read(const Token& name) {
  if (const auto id = find(name.text)) {
    Meaning meaning = variables_[*id].meaning;
    if (meaning.is_known()) meaning.through.push_back(*id);
    return meaning;
  }
  const auto changer = std::find(kEnvironmentChangers.begin(), kEnvironmentChangers.end(), name.text);
  if (changer != kEnvironmentChangers.end()) changes_environment_ = true;
  Meaning meaning;
  if (const GlobalInfo* global = names_.global(name.text)) {
    meaning.library = global;
  } else if (!unknown_reads_.contains(name.text)) {
    unknown_reads_.emplace(std::string(name.text), Place{.offset = name.offset, .locals = visible()});
  }
  return meaning;
}

void SourceScope::assign(const Token& name, bool is_function) {
  if (const auto id = find(name.text)) {
    variables_[*id].is_reassigned = true;
    return;
  }
  assigned_globals_.emplace(name.text);
  if (names_.global(name.text) != nullptr || unknown_writes_.contains(name.text)) return;
  unknown_writes_.emplace(std::string(name.text),
                          Place{.offset = name.offset, .locals = visible(), .is_function = is_function});
}

void SourceScope::assign_member(const Meaning& owner, std::string_view field) {
  if (owner.library != nullptr) looked_at_.emplace(owner.library, field);
}

void SourceScope::read_member(const GlobalInfo& library, const Token& field, bool is_called,
                              const std::vector<VariableId>& through) {
  if (!names_.library_problem(library, field.text)) return;
  if (is_called) {
    library_calls_.push_back(
        {.library = &library, .field = std::string(field.text), .offset = field.offset, .through = through});
  } else {
    looked_at_.emplace(&library, field.text);
  }
}

void SourceScope::suspect(std::optional<Suspicion> suspicion, std::size_t offset,
                          const std::vector<VariableId>& through) {
  if (!suspicion) return;
  suspicion->offset = offset;
  suspicion->through = through;
  suspicions_.push_back(std::move(*suspicion));
}

bool SourceScope::holds(const std::vector<VariableId>& through) const {
  return std::none_of(through.begin(), through.end(), [&](VariableId id) { return variables_[id].is_reassigned; });
}

void SourceScope::add_globals(std::vector<Suspicion>& all) const {
  if (changes_environment_) return;
  for (const auto& [name, place] : unknown_writes_) {
    Suspicion found = names_.global_problem(name, place.locals);
    if (found.suggestion.empty()) {
      found.suggestion = place.is_function ? "say local function " + name : "say local " + name;
    }
    found.text = "assigns the undeclared global \"" + name + "\"";
    found.offset = place.offset;
    all.push_back(std::move(found));
  }
  for (const auto& [name, place] : unknown_reads_) {
    if (unknown_writes_.contains(name)) continue;  // said there already
    Suspicion found = names_.global_problem(name, place.locals);
    found.offset = place.offset;
    all.push_back(std::move(found));
  }
}

// "if table.pack then ... table.pack(...)" is how a script serves several Luas: only a name it never asks about is
// wrong.
void SourceScope::add_libraries(std::vector<Suspicion>& all) const {
  for (const LibraryUse& use : library_calls_) {
    const bool is_asked_about = looked_at_.contains({use.library, use.field});
    if (is_asked_about || !holds(use.through) || assigned_globals_.contains(use.library->name)) continue;
    if (auto found = names_.library_problem(*use.library, use.field)) {
      found->offset = use.offset;
      all.push_back(std::move(*found));
    }
  }
}

std::vector<Suspicion> SourceScope::verdict() const {
  std::vector<Suspicion> all;
  if (!assigned_globals_.contains("require")) {
    std::copy_if(suspicions_.begin(), suspicions_.end(), std::back_inserter(all),
                 [&](const Suspicion& suspicion) { return holds(suspicion.through); });
  }
  add_libraries(all);
  add_globals(all);
  std::sort(all.begin(), all.end(), [](const Suspicion& left, const Suspicion& right) {
    return std::tie(left.offset, left.text) < std::tie(right.offset, right.text);
  });
  return all;
}

}  // namespace opshost
