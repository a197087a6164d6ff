#include "bindings/data/module.hpp"

#include "bindings/data/document_to_lua.hpp"
#include "bindings/data/yaml/editor.hpp"
#include "bindings/data/yaml/value.hpp"
#include "host/gate/touches_nothing.hpp"
#include "host/json/document_error.hpp"
#include "host/json/from_lua.hpp"
#include "host/json/to_lua.hpp"
#include "host/lua/raw_value.hpp"

namespace opshost::data {

namespace {

using namespace lua;

struct ReadOptions {
  std::string file{};
};
OPSHOST_RECORD(ReadOptions, "How to read a document", (file, "where the text is from, for errors"))

OnStack from_json(RawString text, const ReadOptions& options) {
  json::push_json(text.state, text.text, options.file, json::Nulls::keep);
  return {};
}

std::string to_json(RawValue value, json::WriteOptions options) {
  return json::write_json(value.state, value.index, options);
}

Document from_yaml(const RawString& text, const ReadOptions& options) { return {yaml::read(text.text, options.file)}; }

std::vector<Document> from_yaml_all(const RawString& text, const ReadOptions& options) {
  std::vector<Document> documents;
  for (auto& value : yaml::read_all(text.text, options.file)) documents.push_back({std::move(value)});
  return documents;
}

std::shared_ptr<yaml::Editor> edit_yaml(std::string text, const ReadOptions& options) {
  return std::make_shared<yaml::Editor>(std::move(text), options.file);
}

std::string to_yaml(const Document& document) { return yaml::write(document.value); }

OnStack list(RawValue elements) {
  if (lua_type(elements.state, elements.index) != LUA_TTABLE) {
    throw Error("usage.argument",
                "argument 1 \"elements\": expected table, got " + describe_value(elements.state, elements.index));
  }
  lua_pushvalue(elements.state, elements.index);
  push_list_metatable(elements.state);
  lua_setmetatable(elements.state, -2);
  return {};
}

void declare_json(Module& module) {
  module.observe("from_json", from_json, {{"text", "the document"}, {"options", "where it is from"}},
                 "Read a JSON document", Raises{"data.syntax", "data.duplicate_key", "data.number", "data.limit"},
                 Returns{"tables, strings, numbers, booleans, ops.null"},
                 Example{"local data = require \"data\"\n"
                         "local document = data.from_json('{\"name\": \"web-1\", \"ports\": [80, 443]}')\n"
                         "print(document.name, #document.ports)"});
  module.observe("to_json", to_json, {{"value", "what to write"}, {"options", "how to write it"}},
                 "Write a value as JSON, its names sorted", Raises{"data.unwritable", "data.limit"},
                 Returns{"the document, without a line break at its end"},
                 Example{"local data = require \"data\"\n"
                         "print(data.to_json({ name = \"web-1\", ports = { 80, 443 } }, { indent = 2 }))"});
  module.observe("list", list, {{"elements", "a table"}},
                 "Mark a table as a list, so that it is written as [] while it is empty",
                 Returns{"the same table; those a document had are marked already"});
}

void declare_yaml(Module& module) {
  const Raises reads{"data.syntax", "data.duplicate_key", "data.number", "data.limit"};
  module.observe("from_yaml", from_yaml, {{"text", "the document"}, {"options", "where it is from"}},
                 "Read a YAML document", reads, Returns{"tables, strings, numbers, booleans, ops.null"},
                 Example{"local data = require \"data\"\n"
                         "local document = data.from_yaml(\"name: web-1\\nports: [80, 443]\\n\")\n"
                         "print(document.name, #document.ports)"});
  module.observe("from_yaml_all", from_yaml_all,
                 {{"text", "documents with --- between"}, {"options", "where it is from"}},
                 "Read every document of a YAML text", reads, Returns{"a list of them"});
  module.observe("to_yaml", to_yaml, {{"value", "what to write"}}, "Write a value as YAML, its names sorted",
                 Raises{"data.unwritable"}, Returns{"the document, with a line break at its end"},
                 Example{"local data = require \"data\"\n"
                         "print(data.to_yaml({ name = \"web-1\", ports = { 80, 443 } }))"});
}

void declare_editor(Module& module) {
  module.observe("edit_yaml", edit_yaml, {{"text", "the document"}, {"options", "where it is from"}},
                 "Change a YAML text in place: comments, order and style of all else stay",
                 Raises{"data.syntax", "data.duplicate_key", "data.number", "data.limit"},
                 Returns{"the document; its text() is the changed text"},
                 Example{"local data = require \"data\"\n"
                         "local document = data.edit_yaml(\"# the web\\nimage: web:1 # pinned\\n\")\n"
                         "document:set(\"image\", \"web:2\")\n"
                         "print(document:text())"});
  module.type<yaml::Editor>("YamlText", "A YAML text that is being changed", &yaml::Editor::subject)
      .observe("get", &yaml::Editor::get, {{"path", "\"a.b[1]\", or a list of names and positions"}},
               "What stands there", Returns{"nil where nothing does"}, Raises{"usage.argument"})
      .observe("set", &yaml::Editor::set,
               {{"path", "where; one behind a list's last appends"}, {"value", "what shall stand there"}},
               "Put a value there, and the maps on the way to it that are missing",
               Raises{"data.edit", "data.unwritable", "usage.argument"})
      .observe("delete", &yaml::Editor::erase, {{"path", "where"}}, "Take away what is there, unless nothing is",
               Raises{"data.edit", "usage.argument"})
      .observe("text", &yaml::Editor::text, {}, "The text as it is now");
}

void declare_errors(Module& module) {
  module.error<DocumentPlace>("data.syntax", "the text is no document of its kind",
                              "correct the text at the line and column the message names");
  module.error<DocumentPlace>("data.duplicate_key",
                              "a name stands twice in one object, and only one of them would count",
                              "take one of them out");
  module.error<DocumentPlace>("data.number", "a number that neither a Lua number nor 64 bits hold exactly",
                              "write it as a text in quotes");
  module.error<DocumentPlace>("data.limit", "a document nests deeper or grows larger than a reader takes",
                              "look where it comes from; documents like that are made to do harm, or by a mistake");
  module.error<DocumentPlace>("data.mismatch", "a document has another shape than what reads it expects",
                              "compare it with the expected type at the line and column the message names");
  module.error("data.edit", "a change of a YAML text would touch more than it should", "change the text by hand");
  module.error("data.unwritable", "a value has no form in the document: a function, a handle, NaN, a list with a hole",
               "the message names the place; put a text, a number, a table or ops.null there");
}

}  // namespace

void declare(Module& module) {
  module.subject(gate::kTouchesNothing);
  module.doc(
      "Documents become tables. A null is `ops.null`, so that it is not lost; integers beyond 2^53 are `ops.int64`; "
      "texts are kept byte for byte. Lists are marked as such, so that one that gets empty is written as `[]`; "
      "`data.list` marks one of your own.\n\n"
      "YAML is read by the core schema of YAML 1.2, so `yes` and `no` are texts, and digits with a leading zero (a "
      "file's mode) stay a text too.\n\n"
      "It touches nothing, so a procedure needs no `data` in its `uses`.");
  module.example(
      "local data = require \"data\"\n"
      "local document = data.from_json('{\"replicas\": 2, \"owner\": null}')\n"
      "document.replicas = document.replicas + 1\n"
      "print(data.to_json(document))");
  declare_json(module);
  declare_yaml(module);
  declare_editor(module);
  declare_errors(module);
}

}  // namespace opshost::data
