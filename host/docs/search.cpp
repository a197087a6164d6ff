#include "host/docs/search.hpp"

#include <algorithm>
#include <cctype>

namespace opshost::docs {

namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char letter) { return std::tolower(letter); });
  return text;
}

/// "plan" stands in "planned", "lag" not in "flag".
bool has_word_beginning(const std::string& text, const std::string& word) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    if (at == 0 || std::isalnum(static_cast<unsigned char>(text[at - 1])) == 0) return true;
  }
  return false;
}

class Search {
 public:
  explicit Search(std::span<const std::string> words) {
    for (const auto& word : words) words_.push_back(lower(word));
  }

  void look(const std::string& name, const std::string& type, const std::string& doc, const std::string& more = {}) {
    const auto text = lower(name + " " + doc + " " + more);
    const auto stands = [&text](const std::string& word) { return has_word_beginning(text, word); };
    if (std::all_of(words_.begin(), words_.end(), stands)) rows.push_back({.name = name, .type = type, .text = doc});
  }

  std::vector<Page::Row> rows;

 private:
  std::vector<std::string> words_;
};

}  // namespace

std::vector<Page::Row> search(const Catalog& catalog, std::span<const std::string> words) {
  Search search(words);
  for (const Topic& topic : catalog.topics()) search.look(topic.name, "topic", topic.summary, topic.text);
  for (const ModuleInfo& module : catalog.modules()) {
    search.look(module.name, "module", module.summary, module.doc);
    for (const FunctionInfo* function : functions_of(module)) {
      search.look(function->qualified(), effect_name(function->effect), function->doc);
    }
    for (const Type* type : catalog.types_of(module)) {
      if (is_named(*type)) search.look(type->name, "type", type->doc);
    }
  }
  for (const auto& code : catalog.error_codes()) {
    if (const ErrorInfo* error = catalog.error(code)) search.look(code, "error", error->meaning, error->advice);
  }
  return search.rows;
}

}  // namespace opshost::docs
