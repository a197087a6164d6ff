#include "host/docs/help_pages.hpp"

#include <algorithm>

#include "host/docs/help.hpp"
#include "host/docs/words.hpp"

namespace opshost::docs {
namespace {

using Rows = std::vector<Page::Row>;

void section(Page& page, std::string_view title, const Rows& rows) {
  if (rows.empty()) return;
  page.heading(title);
  page.rows(rows);
}

void example(Page& page, const std::string& code) {
  if (code.empty()) return;
  page.heading("Example");
  page.code(code);
}

void add_fields(const Catalog& catalog, const Type& record, std::size_t level, Rows& rows) {
  const bool is_argument = catalog.is_argument(record);
  for (const Field& field : record.fields) {
    rows.push_back({.name = field.name,
                    .type = field.type == nullptr ? "any" : field.type->name,
                    .text = with_rules(field.doc, field_rules(field, is_argument)),
                    .level = level});
  }
}

Rows parameter_rows(const Catalog& catalog, const FunctionInfo& function) {
  Rows rows;
  for (const ParamInfo& param : function.params) {
    const Type* record = param.type == nullptr ? nullptr : record_inside(*param.type);
    std::string doc = param.doc;
    if (doc.empty() && record != nullptr) doc = record->doc;
    const std::string rules = param.type == nullptr ? "" : choice_words(*param.type);
    rows.push_back(
        {.name = param.name, .type = param.type == nullptr ? "any" : param.type->name, .text = with_rules(doc, rules)});
    if (record != nullptr) add_fields(catalog, *record, 1, rows);
  }
  return rows;
}

void result_section(const Catalog& catalog, const FunctionInfo& function, Page& page) {
  if (function.result == nullptr || function.result->kind == Kind::nothing) return;
  const Type* record = record_inside(*function.result);
  std::string doc = function.result_doc;
  if (doc.empty() && record != nullptr) doc = record->doc;
  const std::string name = function.result->kind == Kind::stream && function.result->element != nullptr
                               ? "an iterator of " + function.result->element->name
                               : function.result->name;
  page.heading("Returns");
  page.paragraph(name + (doc.empty() ? "" : ": " + doc), 2);
  Rows rows;
  if (record != nullptr) add_fields(catalog, *record, 0, rows);
  page.rows(rows);
}

Rows error_rows(const Catalog& catalog, const std::vector<std::string>& codes) {
  Rows rows;
  for (const std::string& code : codes) {
    const ErrorInfo* error = catalog.error(code);
    rows.push_back({.name = code, .type = "", .text = error == nullptr ? "" : error->meaning});
  }
  return rows;
}

Rows function_rows(std::span<const std::shared_ptr<const FunctionInfo>> functions) {
  Rows rows;
  for (const auto& function : functions) {
    rows.push_back({.name = function->qualified(), .type = effect_name(function->effect), .text = function->doc});
  }
  return rows;
}

std::vector<std::string> raisers_of(const Catalog& catalog, const std::string& code) {
  std::vector<std::string> names;
  for (const ModuleInfo& module : catalog.modules()) {
    for (const FunctionInfo* function : functions_of(module)) {
      if (std::find(function->raises.begin(), function->raises.end(), code) != function->raises.end()) {
        names.push_back(function->qualified());
      }
    }
  }
  return names;
}

const char* kind_words(Kind kind) {
  switch (kind) {
    case Kind::handle:
      return "handle";
    case Kind::enumeration:
      return "choice";
    default:
      return "record";
  }
}

}  // namespace

std::string_view first_script() {
  return "local machine = require \"local\"\n"
         "\n"
         "local result = machine.read({\"uname\", \"-r\"})\n"
         "print(\"kernel: \" .. result.stdout)\n";
}

void start_page(const Catalog& catalog, Page& page) {
  page.paragraph("opshost runs Lua scripts that look after machines and clusters.");
  page.heading("Run a command on this machine and look at its output");
  page.paragraph("Save this as kernel.lua:", 2);
  page.blank();
  page.code(first_script(), 6);
  page.blank();
  page.paragraph("Then:", 2);
  page.blank();
  page.rows({{.name = "opshost check kernel.lua", .type = "", .text = "look for mistakes; runs nothing"},
             {.name = "opshost plan kernel.lua", .type = "", .text = "show what it would change; changes nothing"},
             {.name = "opshost run kernel.lua", .type = "", .text = "run it"}});
  page.blank();
  page.paragraph(
      "`read` is for programs that only look; `run` is for programs that change something, and a plan shows those "
      "without running them. A program that fails raises an error with its output.",
      2);

  Rows modules;
  for (const ModuleInfo& module : catalog.modules()) {
    modules.push_back({.name = module.name, .type = "", .text = module.summary});
  }
  section(page, "Modules", modules);
  Rows topics;
  for (const Topic& topic : catalog.topics()) {
    topics.push_back({.name = topic.name, .type = "", .text = topic.summary});
  }
  section(page, "Topics", topics);

  const ModuleInfo* local = catalog.module("local");
  Rows more;
  if (local != nullptr)
    more.push_back({.name = "opshost help local", .type = "", .text = "a module, and what it can do"});
  if (catalog.function("local.read") != nullptr) {
    more.push_back({.name = "opshost help local.read", .type = "", .text = "one function: parameters, result, errors"});
  }
  more.push_back({.name = "opshost help error CODE", .type = "", .text = "what an error means, and what to do"});
  more.push_back({.name = "opshost --help", .type = "", .text = "the commands and their options"});
  section(page, "More", more);
}

void module_page(const Catalog& catalog, const ModuleInfo& module, Page& page) {
  page.paragraph(module.name + ": " + module.summary);
  page.blank();
  page.code("require \"" + module.name + "\"");
  if (!module.doc.empty()) {
    page.blank();
    page.markdown(module.doc);
  }
  section(page, "Functions", function_rows(module.functions));
  for (const HandleInfo& handle : module.handles) {
    if (handle.type == nullptr) continue;
    section(page, handle.type->name + (handle.type->doc.empty() ? "" : ": " + handle.type->doc),
            function_rows(handle.methods));
  }
  Rows types;
  for (const Type* type : catalog.types_of(module)) {
    if (type->kind != Kind::handle)
      types.push_back({.name = type->name, .type = kind_words(type->kind), .text = type->doc});
  }
  section(page, "Records and choices", types);
  Rows errors;
  for (const ErrorInfo& error : module.errors)
    errors.push_back({.name = error.code, .type = "", .text = error.meaning});
  section(page, "Errors", errors);
  example(page, module.example);
}

void function_page(const Catalog& catalog, const FunctionInfo& function, Page& page) {
  page.code(signature(function), 0);
  page.blank();
  page.paragraph(sentence(function.doc));
  section(page, "Parameters", parameter_rows(catalog, function));
  result_section(catalog, function, page);
  Rows rules{{.name = "effect", .type = "", .text = effect_words(function)}};
  if (const std::string waiting = waiting_words(function); !waiting.empty()) {
    rules.push_back({.name = "time", .type = "", .text = waiting});
  }
  section(page, "What it does", rules);
  section(page, "Raises", error_rows(catalog, function.raises));
  if (function.waits && !catalog.common_errors().empty()) {
    if (function.raises.empty()) page.heading("Raises");
    page.paragraph("and what every call that waits may raise: see `opshost help error`", 2);
  }
  example(page, function.example);
}

void type_page(const Catalog& catalog, const Type& type, Page& page) {
  const std::string module = catalog.module_of(type);
  page.paragraph((module.empty() ? "" : module + ".") + type.name + (type.doc.empty() ? "" : ": " + type.doc));
  if (type.kind == Kind::enumeration) {
    page.blank();
    page.paragraph(choice_words(type), 2);
  }
  Rows fields;
  add_fields(catalog, type, 0, fields);
  section(page, "Fields", fields);
  if (const HandleInfo* handle = catalog.handle(type)) section(page, "Methods", function_rows(handle->methods));
  std::vector<std::string> users;
  for (const FunctionInfo* user : catalog.users_of(type)) users.push_back(user->qualified());
  if (users.empty()) return;
  page.heading("Used by");
  page.paragraph(joined(users, ", "), 2);
}

void error_page(const Catalog& catalog, const ErrorInfo& error, Page& page) {
  page.paragraph("Error " + error.code);
  page.heading("What it means");
  page.paragraph(sentence(error.meaning), 2);
  if (!error.advice.empty()) {
    page.heading("What to do");
    page.paragraph(sentence(error.advice), 2);
  }
  if (error.detail != nullptr) {
    Rows rows;
    add_fields(catalog, *error.detail, 0, rows);
    section(page, "In err.detail", rows);
  }
  const std::vector<std::string> raisers = raisers_of(catalog, error.code);
  if (!raisers.empty()) {
    page.heading("Raised by");
    page.paragraph(joined(raisers, ", "), 2);
  }
}

void error_list(const Catalog& catalog, std::string_view prefix, Page& page) {
  const auto rows_of = [&](std::span<const ErrorInfo> errors) {
    Rows rows;
    for (const ErrorInfo& error : errors) {
      if (prefix.empty() || error.code.starts_with(std::string(prefix) + ".")) {
        rows.push_back({.name = error.code, .type = "", .text = error.meaning});
      }
    }
    return rows;
  };
  page.paragraph("opshost help error CODE explains one of them.");
  section(page, "Any call that waits", rows_of(catalog.common_errors()));
  for (const ModuleInfo& module : catalog.modules()) section(page, module.name, rows_of(module.errors));
}

void topic_page(const Topic& topic, Page& page) {
  page.paragraph(topic.name + ": " + topic.summary);
  page.blank();
  page.markdown(topic.text);
}

}  // namespace opshost::docs
