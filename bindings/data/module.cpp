#include "bindings/data/module.hpp"

#include "host/json/document_error.hpp"
#include "host/json/from_lua.hpp"
#include "host/json/to_lua.hpp"
#include "host/lua/markers.hpp"
#include "host/lua/raw_value.hpp"

namespace opshost::data {

namespace {

using namespace lua;

struct ReadOptions {
  std::string file{};
};
OPSHOST_RECORD(ReadOptions, "How to read a document", (file, "where the text is from, for errors"))

OnStack from_json(RawString text, ReadOptions options) {
  json::push_json(text.state, text.text, options.file, json::Nulls::keep);
  return {};
}

std::string to_json(RawValue value, json::WriteOptions options) {
  return json::write_json(value.state, value.index, options);
}

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
  module.error("data.unwritable", "a value has no form in the document: a function, a handle, NaN, a list with a hole",
               "the message names the place; put a text, a number, a table or ops.null there");
}

}  // namespace

void declare(Module& module) {
  module.doc(
      "Documents become tables. A null is `ops.null`, so that it is not lost; integers beyond 2^53 are `ops.int64`; "
      "texts are kept byte for byte. Lists are marked as such, so that one that gets empty is written as `[]`; "
      "`data.list` marks one of your own.");
  module.example(
      "local data = require \"data\"\n"
      "local document = data.from_json('{\"replicas\": 2, \"owner\": null}')\n"
      "document.replicas = document.replicas + 1\n"
      "print(data.to_json(document))");
  declare_json(module);
  declare_errors(module);
}

}  // namespace opshost::data
