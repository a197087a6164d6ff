#include "host/lua/type_text.hpp"

#include <deque>
#include <map>

#include "host/base/error.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/handle.hpp"

namespace opshost::lua {

namespace {

std::deque<Type>& kept_types() {
  static std::deque<Type> types;
  return types;
}

Type* find_kept(std::string_view module, std::string_view name) {
  for (auto& type : kept_types()) {
    if (type.name == name && (module.empty() || type.module == module)) return &type;
  }
  return nullptr;
}

using Published = std::map<std::pair<std::string, std::string>, const Type*, std::less<>>;

Published& published_types() {
  static Published types;
  return types;
}

const Type* find_published(const std::string& module, std::string_view name) {
  const auto found = published_types().find(std::pair(module, std::string(name)));
  return found == published_types().end() ? nullptr : found->second;
}

const Type* plain(std::string_view name) {
  static const std::map<std::string_view, Kind> kinds = {
      {"any", Kind::any},           {"boolean", Kind::boolean},   {"integer", Kind::integer}, {"number", Kind::number},
      {"string", Kind::string},     {"duration", Kind::duration}, {"size", Kind::size},       {"secret", Kind::secret},
      {"function", Kind::function}, {"nothing", Kind::nothing},   {"nil", Kind::nothing},
  };
  const auto found = kinds.find(name);
  return found == kinds.end() ? nullptr : &opshost::detail::plain_type(found->second);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

const Type& choices_from_text(const std::string& module, std::string_view text) {
  if (const auto* known = find_kept(module, text)) return *known;
  Type type{.kind = Kind::enumeration, .name = std::string(text), .module = module};
  while (!text.empty()) {
    const auto bar = text.find('|');
    const auto choice = trim(text.substr(0, bar));
    type.choices.emplace_back(choice.substr(1, choice.size() - 2));
    text = bar == std::string_view::npos ? std::string_view() : text.substr(bar + 1);
  }
  return keep_type(std::move(type));
}

}  // namespace

Type& keep_type(Type type) {
  if (auto* known = find_kept(type.module, type.name)) return *known = std::move(type);
  return kept_types().emplace_back(std::move(type));
}

void publish_types(const std::string& module, const Type& type) {
  if (type.element != nullptr) publish_types(module, *type.element);
  for (const auto* alternative : type.alternatives) publish_types(module, *alternative);
  if (type.kind != Kind::record && type.kind != Kind::enumeration) return;
  if (!published_types().emplace(std::pair(module, type.name), &type).second) return;
  for (const auto& field : type.fields) publish_types(module, *field.type);
}

const Type& type_from_text(const std::string& module, std::string_view text) {
  text = trim(text);
  if (text.starts_with('"')) return choices_from_text(module, text);
  if (text.ends_with('?'))
    return opshost::detail::optional_type(type_from_text(module, text.substr(0, text.size() - 1)));
  if (text.ends_with("[]")) return opshost::detail::list_type(type_from_text(module, text.substr(0, text.size() - 2)));
  if (text.starts_with("table<string,") && text.ends_with('>')) {
    return opshost::detail::map_type(type_from_text(module, text.substr(13, text.size() - 14)));
  }
  if (const auto* type = plain(text)) return *type;
  if (text == "command") return type_of<Command>();
  if (const auto* type = find_kept(module, text)) return *type;
  if (const auto* type = find_published(module, text)) return *type;
  if (const auto* type = find_kept({}, text)) return *type;
  if (const auto* handle = class_named(text)) return handle->type;
  throw Error("internal.declaration", "module " + module + " declares a type nobody knows: " + std::string(text));
}

}  // namespace opshost::lua
