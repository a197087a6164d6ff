// YAML in place. The first line of the input is a path, the second a value, the rest the document: what is set is there
// then, what is deleted is not, and whatever is refused leaves the text as it was.
#include "bindings/data/yaml/editor.hpp"
#include "host/base/error.hpp"
#include "tests/fuzz/property.hpp"

/// libfyaml 0.7 forgets a small buffer for some texts it refuses.
// NOLINTNEXTLINE(bugprone-reserved-identifier): LeakSanitizer's own name
extern "C" const char* __lsan_default_suppressions() { return "leak:libfyaml"; }

namespace {

using opshost::data::yaml::Editor;

/// False: it was refused.
template <class Change>
bool changed(Editor& editor, const Change& change) {
  const std::string before = editor.text();
  try {
    change();
    return true;
  } catch (const opshost::Error& error) {
    const auto& code = error.code();
    holds(code == "data.edit" || code == "data.unwritable" || code == "data.limit" || code == "usage.argument",
          "a change is refused for one of these reasons");
    holds(editor.text() == before, "what is refused changes nothing");
    return false;
  }
}

std::string take_line(std::string& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string line = text.substr(0, end);
  text.erase(0, end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string text = text_of(bytes, size);
  const opshost::Value path = take_line(text);
  const opshost::Value value = take_line(text);
  std::optional<Editor> editor;
  try {
    (void)opshost::data::yaml::parse_path(path);
    editor.emplace(text, "");
  } catch (const opshost::Error&) {
    return 0;
  }
  if (changed(*editor, [&] { editor->set(path, {value}); })) {
    const auto there = editor->get(path);
    holds(there && there->value == value, "what is set is there");
  }
  if (changed(*editor, [&] { editor->erase(path); })) {
    const Editor again(editor->text(), "");
    holds(again.text() == editor->text(), "what is left is a document");
  }
  return 0;
}
