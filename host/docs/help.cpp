#include "host/docs/help.hpp"

#include <algorithm>
#include <optional>

#include "host/base/names.hpp"
#include "host/docs/help_pages.hpp"
#include "host/docs/search.hpp"
#include "host/docs/words.hpp"

namespace opshost::docs {
namespace {

Help not_found(std::string_view what, const std::string& name, std::span<const std::string> candidates,
               std::string_view list) {
  return {.found = false,
          .text = "opshost help: no " + std::string(what) + " \"" + name + "\"" + did_you_mean(name, candidates) +
                  "\n" + std::string(list) + "\n"};
}

bool has_error_of(const Catalog& catalog, const std::string& prefix) {
  const auto codes = catalog.error_codes();
  return std::any_of(codes.begin(), codes.end(),
                     [&](const std::string& code) { return code.starts_with(prefix + "."); });
}

Help error_help(const Catalog& catalog, const std::string& code, const TextStyle& style) {
  Page page(style);
  if (const ErrorInfo* error = catalog.error(code)) {
    error_page(catalog, *error, page);
  } else if (code.empty() || has_error_of(catalog, code)) {
    error_list(catalog, code, page);
  } else {
    return not_found("error", code, catalog.error_codes(), "opshost help error lists them all");
  }
  return {.found = true, .text = page.text()};
}

/// "run" of every module and handle.
std::vector<const FunctionInfo*> functions_named(const Catalog& catalog, const std::string& name) {
  std::vector<const FunctionInfo*> found;
  for (const ModuleInfo& module : catalog.modules()) {
    for (const FunctionInfo* function : functions_of(module)) {
      if (function->name == name) found.push_back(function);
    }
  }
  return found;
}

void several_functions(std::span<const FunctionInfo* const> functions, const std::string& name, Page& page) {
  page.paragraph("Several functions are called " + name + ":");
  page.blank();
  std::vector<Page::Row> rows;
  for (const FunctionInfo* function : functions) {
    rows.push_back({.name = function->qualified(), .type = effect_name(function->effect), .text = function->doc});
  }
  page.rows(rows);
}

/// "exit codes", "Exit-Codes" -> "exit-codes"
std::string topic_key(std::span<const std::string> words) {
  std::string key;
  for (const std::string& word : words) key += (key.empty() ? "" : "-") + word;
  std::transform(key.begin(), key.end(), key.begin(), [](char letter) {
    if (letter == ' ' || letter == '_') return '-';
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return key;
}

bool show_named(const Catalog& catalog, const std::string& name, std::span<const std::string> words, Page& page) {
  if (const ModuleInfo* module = catalog.module(name)) {
    module_page(catalog, *module, page);
    return true;
  }
  if (const FunctionInfo* function = catalog.function(name)) {
    function_page(catalog, *function, page);
    return true;
  }
  if (const auto types = catalog.types(name); !types.empty()) {
    for (const Type* type : types) {
      page.blank();
      type_page(catalog, *type, page);
    }
    return true;
  }
  if (const Topic* topic = catalog.topic(topic_key(words))) {
    topic_page(*topic, page);
    return true;
  }
  if (const ErrorInfo* error = catalog.error(name)) {
    error_page(catalog, *error, page);
    return true;
  }
  const auto functions = functions_named(catalog, name);
  if (functions.empty()) return false;
  functions.size() == 1 ? function_page(catalog, *functions.front(), page) : several_functions(functions, name, page);
  return true;
}

constexpr std::size_t kMostMentions = 20;

Help mentions_help(std::vector<Page::Row> mentions, const std::string& words, const TextStyle& style) {
  Page page(style);
  page.paragraph("Nothing is called \"" + words + "\"; these speak of it:");
  page.blank();
  const auto left_out = mentions.size() - std::min(mentions.size(), kMostMentions);
  mentions.resize(mentions.size() - left_out);
  page.rows(mentions);
  if (left_out > 0) page.paragraph("and " + std::to_string(left_out) + " more; say it with more words");
  return {.found = true, .text = page.text()};
}

}  // namespace

Help help(const Catalog& catalog, std::span<const std::string> words, const TextStyle& style) {
  Page page(style);
  if (words.empty()) {
    start_page(catalog, page);
    return {.found = true, .text = page.text()};
  }
  const bool asks_error = words[0] == "error" || (words[0] == "errors" && catalog.topic("errors") == nullptr);
  if (asks_error && words.size() <= 2) return error_help(catalog, words.size() == 2 ? words[1] : "", style);
  const std::string name = joined({words.begin(), words.end()}, " ");
  if (show_named(catalog, name, words, page)) return {.found = true, .text = page.text()};
  std::vector<std::string> candidates = catalog.names();
  for (std::string& code : catalog.error_codes()) candidates.push_back(std::move(code));
  if (did_you_mean(name, candidates).empty()) {
    if (auto mentions = search(catalog, words); !mentions.empty()) return mentions_help(mentions, name, style);
  }
  return not_found("help on", name, candidates, "opshost help lists modules and topics");
}

}  // namespace opshost::docs
