#include "host/docs/name_lint.hpp"

#include <algorithm>
#include <array>

#include "host/docs/synonyms.hpp"
#include "host/docs/words.hpp"

namespace opshost::docs {
namespace {

constexpr std::array<std::string_view, 22> kKeywords{
    "and", "break", "do",  "else", "elseif", "end",    "false",  "for",  "function", "goto",  "if",
    "in",  "local", "nil", "not",  "or",     "repeat", "return", "then", "true",     "until", "while"};

bool is_lower(char letter) { return letter >= 'a' && letter <= 'z'; }
bool is_upper(char letter) { return letter >= 'A' && letter <= 'Z'; }
bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

bool is_snake_case(std::string_view name) {
  return !name.empty() && is_lower(name.front()) && name.back() != '_' && name.find("__") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(),
                     [](char letter) { return is_lower(letter) || is_digit(letter) || letter == '_'; });
}

bool is_camel_case(std::string_view name) {
  return !name.empty() && is_upper(name.front()) && std::all_of(name.begin(), name.end(), [](char letter) {
    return is_lower(letter) || is_upper(letter) || is_digit(letter);
  });
}

std::vector<std::string_view> parts_of(std::string_view dotted) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t point = dotted.find('.');
    parts.push_back(dotted.substr(0, point));
    if (point == std::string_view::npos) return parts;
    dotted.remove_prefix(point + 1);
  }
}

const Type& without_optional(const Type& type) {
  return type.kind == Kind::optional && type.element != nullptr ? *type.element : type;
}

bool has_field(const Type& record, std::string_view name) {
  return std::any_of(record.fields.begin(), record.fields.end(),
                     [&](const Field& field) { return field.name == name; });
}

bool takes_option(const FunctionInfo& function, std::string_view name) {
  return std::any_of(function.params.begin(), function.params.end(), [&](const ParamInfo& param) {
    const Type* record = param.type == nullptr ? nullptr : record_inside(*param.type);
    return record != nullptr && has_field(*record, name);
  });
}

/// Its length is the caller's: a duration to sleep, or functions of the script to wait for.
bool waits_as_told(const FunctionInfo& function) {
  return std::any_of(function.params.begin(), function.params.end(), [](const ParamInfo& param) {
    if (param.type == nullptr) return false;
    const Type& type = without_optional(*param.type);
    const Kind kind = type.kind;
    const bool record_says =
        std::any_of(type.fields.begin(), type.fields.end(), [](const Field& field) { return field.name == "timeout"; });
    return record_says || kind == Kind::duration || kind == Kind::callback || kind == Kind::function;
  });
}

class Lint {
 public:
  explicit Lint(const Catalog& catalog) : catalog_(catalog) {}

  std::vector<std::string> run() {
    std::set<const Type*> details;
    for (const ErrorInfo& error : catalog_.common_errors()) add_detail(details, error);
    for (const ModuleInfo& module : catalog_.modules()) {
      for (const ErrorInfo& error : module.errors) add_detail(details, error);
    }
    check_errors("", catalog_.common_errors());
    for (const ModuleInfo& module : catalog_.modules()) check_module(module, details);
    check_unique("error", "", catalog_.error_codes());
    return std::move(complaints_);
  }

 private:
  static void add_detail(std::set<const Type*>& details, const ErrorInfo& error) {
    if (error.detail != nullptr) details.insert(error.detail);
  }

  void complain(const std::string& where, const std::string& what) { complaints_.push_back(where + ": " + what); }

  void check_module(const ModuleInfo& module, const std::set<const Type*>& details) {
    check_doc(module.name, module.summary, "summary");
    for (const std::string_view part : parts_of(module.name)) {
      // `local` is a keyword and a module: a module's name stands in quotes.
      if (!is_snake_case(part)) complain(module.name, "a module's name is snake_case");
    }
    std::vector<std::string> names;
    for (const FunctionInfo* function : functions_of(module)) {
      names.push_back(function->qualified());
      check_function(module, *function);
    }
    check_unique("function", module.name, names);
    names.clear();
    for (const Type* type : catalog_.types_of(module)) {
      names.push_back(type->name);
      check_type(module, *type, details.contains(type));
    }
    check_unique("type", module.name, names);
    check_errors(module.name, module.errors);
  }

  void check_function(const ModuleInfo& module, const FunctionInfo& function) {
    const std::string where = function.qualified();
    check_name(where, "function", function.name);
    check_synonyms(where, "function", function.name, Place::function, module.name, {});
    check_doc(where, function.doc, "doc");
    check_full_stop(where, function.result_doc, "the result's doc");
    std::vector<std::string> names;
    std::vector<std::string_view> siblings;
    for (const ParamInfo& param : function.params) siblings.emplace_back(param.name);
    for (const ParamInfo& param : function.params) {
      names.push_back(param.name);
      check_parameter(where, module.name, param, siblings);
    }
    check_unique("parameter", where, names);
    for (const std::string& code : function.raises) {
      if (catalog_.error(code) == nullptr) complain(where, "raises " + code + ", which no module declares");
    }
    check_result(where, function);
    check_waiting(where, function);
  }

  void check_parameter(const std::string& where, const std::string& module, const ParamInfo& param,
                       std::span<const std::string_view> siblings) {
    check_name(where, "parameter", param.name);
    check_synonyms(where, "parameter", param.name, Place::parameter, module, siblings);
    check_is_duration(where, "parameter", param.name, param.type);
    check_inline_choices(where, module, param.type);
    if (param.type == nullptr) return complain(where, "parameter \"" + param.name + "\" has no type");
    const bool record_says = record_inside(*param.type) != nullptr && !record_inside(*param.type)->doc.empty();
    if (param.doc.empty() && !record_says) complain(where, "parameter \"" + param.name + "\" has no doc");
    check_full_stop(where, param.doc, "the doc of parameter \"" + param.name + "\"");
  }

  void check_result(const std::string& where, const FunctionInfo& function) {
    const Kind result = function.result == nullptr ? Kind::nothing : function.result->kind;
    if (function.effect != Effect::observe) {
      if (result == Kind::boolean || result == Kind::optional) {
        complain(where, "a change never returns " + function.result->name +
                            ": raise an error where it did not happen, return what is now so");
      }
      if (function.touches.empty() && function.owner.empty()) complain(where, "a change says what it touches");
    }
    if (function.name.starts_with("find_") && result != Kind::optional) {
      complain(where, "find_* returns an optional: nil where there is none");
    }
    if (function.name == "exists" && result != Kind::optional && result != Kind::boolean) {
      complain(where, "exists returns a boolean, or an optional");
    }
  }

  void check_waiting(const std::string& where, const FunctionInfo& function) {
    if (function.waits && !function.timeout && !waits_as_told(function) && !takes_option(function, "timeout")) {
      complain(where, "it waits without a timeout: nothing waits for ever");
    }
    if (!function.name.starts_with("wait_")) return;
    const auto demand = [&](bool fulfilled, const char* what) {
      if (!fulfilled) complain(where, std::string("a wait ") + what);
    };
    demand(function.effect == Effect::observe, "only observes");
    demand(function.waits, "waits");
    demand(function.result != nullptr && function.result->kind != Kind::nothing, "returns what it saw");
    demand(takes_option(function, "timeout"), "takes `timeout`");
    demand(takes_option(function, "every"), "takes `every`");
    const auto& raises = function.raises;
    demand(std::find(raises.begin(), raises.end(), "wait.timeout") != raises.end(), "raises wait.timeout");
  }

  void check_type(const ModuleInfo& module, const Type& type, bool is_detail) {
    const std::string where = module.name + "." + type.name;
    if (!is_camel_case(type.name)) complain(where, "a type's name is CamelCase");
    check_doc(where, type.doc, "doc");
    Place place = is_detail ? Place::detail : Place::answer;
    if (catalog_.is_argument(type)) place = Place::option;
    check_fields(where, module.name, type, place);
    check_choices(where, module.name, type);
  }

  void check_fields(const std::string& where, const std::string& module, const Type& type, Place place) {
    std::vector<std::string> names;
    std::vector<std::string_view> siblings;
    for (const Field& field : type.fields) siblings.emplace_back(field.name);
    for (const Field& field : type.fields) {
      names.push_back(field.name);
      check_name(where, "field", field.name);
      check_synonyms(where, "field", field.name, place, module, siblings);
      check_inline_choices(where, module, field.type);
      if (place == Place::option) check_is_duration(where, "field", field.name, field.type);
      if (field.type == nullptr) complain(where, "field \"" + field.name + "\" has no type");
      if (field.doc.empty()) complain(where, "field \"" + field.name + "\" has no doc");
      check_full_stop(where, field.doc, "the doc of field \"" + field.name + "\"");
    }
    check_unique("field", where, names);
  }

  void check_choices(const std::string& where, const std::string& module, const Type& type) {
    if (type.kind == Kind::enumeration && type.choices.empty()) complain(where, "a choice of nothing");
    const std::vector<std::string_view> siblings(type.choices.begin(), type.choices.end());
    for (const std::string& choice : type.choices) {
      if (choice.empty()) complain(where, "a choice has no name");
      check_synonyms(where, "choice", choice, Place::choice, module, siblings);
    }
    check_unique("choice", where, type.choices);
  }

  void check_inline_choices(const std::string& where, const std::string& module, const Type* type) {
    if (type != nullptr && is_inline_choice(without_optional(*type))) {
      check_choices(where, module, without_optional(*type));
    }
  }

  void check_errors(const std::string& module, std::span<const ErrorInfo> errors) {
    for (const ErrorInfo& error : errors) {
      const std::string where = "error " + error.code;
      for (const std::string_view part : parts_of(error.code)) {
        if (!is_snake_case(part)) complain(where, "a code is snake_case parts joined by points");
        check_synonyms(where, "code", part, Place::error_code, module, {});
      }
      check_doc(where, error.meaning, "meaning");
      check_doc(where, error.advice, "advice");
      if (error.detail != nullptr && error.detail->kind != Kind::record) complain(where, "its detail is a record");
    }
  }

  void check_name(const std::string& where, const std::string& kind, const std::string& name) {
    if (!is_snake_case(name)) complain(where, kind + " \"" + name + "\" is not snake_case");
    if (std::find(kKeywords.begin(), kKeywords.end(), name) != kKeywords.end()) {
      complain(where, kind + " \"" + name + "\" is a keyword of Lua");
    }
  }

  void check_synonyms(const std::string& where, const std::string& kind, std::string_view name, Place place,
                      const std::string& module, std::span<const std::string_view> siblings) {
    for (const Synonym& synonym : synonyms()) {
      if (!is_banned(synonym, name, place, module, siblings)) continue;
      complain(where, kind + " \"" + std::string(name) + "\": say " + std::string(synonym.instead));
    }
  }

  void check_is_duration(const std::string& where, const std::string& kind, const std::string& name, const Type* type) {
    const bool is_time = name == "timeout" || name.ends_with("_timeout") || name == "grace" || name == "every";
    if (!is_time || type == nullptr || without_optional(*type).kind == Kind::duration) return;
    complain(where, kind + " \"" + name + "\" is a duration, not " + type->name);
  }

  void check_doc(const std::string& where, const std::string& doc, const std::string& what) {
    if (doc.empty()) complain(where, "it has no " + what);
    check_full_stop(where, doc, "its " + what);
  }

  void check_full_stop(const std::string& where, const std::string& doc, const std::string& what) {
    if (doc.ends_with('.') && !doc.ends_with("...")) complain(where, what + " ends with a full stop");
  }

  void check_unique(const std::string& kind, const std::string& where, std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    for (auto twin = std::adjacent_find(names.begin(), names.end()); twin != names.end();
         twin = std::adjacent_find(std::upper_bound(twin, names.end(), *twin), names.end())) {
      complain(where.empty() ? *twin : where, kind + " \"" + *twin + "\" is declared twice");
    }
  }

  const Catalog& catalog_;
  std::vector<std::string> complaints_;
};

}  // namespace

std::vector<std::string> name_lint(const Catalog& catalog) { return Lint(catalog).run(); }

}  // namespace opshost::docs
