#include "bindings/mysql/script_source.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "host/base/descriptor.hpp"
#include "host/base/error.hpp"
#include "host/base/utf8.hpp"

namespace opshost::mysql {

namespace {

Error unreadable(const Script& script, const syntax::SqlFault& fault) {
  return {"mysql.parse", script.place(fault.line) + ": " + fault.what + "; nothing was sent"};
}

std::string read_whole_file(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const auto refuse = [&path] {
    throw Error("mysql.script_file", "cannot read " + describe(Value(path)) + ": " + errno_text(errno));
  };
  if (!file) refuse();
  std::string text;
  std::vector<char> part(std::size_t{1} << 16);
  for (;;) {
    const ssize_t size = ::read(file.get(), part.data(), part.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) refuse();
    if (size == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(size));
  }
}

/// The server would take it for something else, or refuse it half-way.
void check_encoding(const Script& script, const std::string& charset) {
  if (!charset.starts_with("utf8")) return;
  std::string_view rest = script.text;
  while (!rest.empty()) {
    const auto ascii = std::ranges::find_if(rest, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    rest.remove_prefix(static_cast<std::size_t>(ascii - rest.begin()));
    if (rest.empty()) return;
    const auto next = decode_utf8(rest);
    if (!next) {
      const auto offset = static_cast<std::size_t>(rest.data() - script.text.data());
      throw Error("mysql.bad_text", script.place(syntax::line_of(script.text, offset)) +
                                        ": the text is not UTF-8; convert it, or connect with the `charset` it is in. "
                                        "Nothing was sent");
    }
    rest.remove_prefix(next->length);
  }
}

}  // namespace

std::string Script::place(std::size_t line) const { return (file ? *file + ":" : "line ") + std::to_string(line); }

std::shared_ptr<Script> load_script(const ScriptSource& source, const std::string& charset) {
  auto script = std::make_shared<Script>();
  if (const auto* file = std::get_if<ScriptFile>(&source)) {
    script->file = file->file;
    script->text = read_whole_file(file->file);
  } else {
    script->text = std::get<std::string>(source);
  }
  check_encoding(*script, charset);
  try {
    script->statements = syntax::split_script(script->text);
  } catch (const syntax::SqlFault& fault) {
    const Error error = unreadable(*script, fault);
    throw error;
  }
  return script;
}

bool is_transactional(const Script& script) {
  return std::ranges::all_of(script.statements, [](const syntax::ScriptStatement& statement) {
    const auto about = syntax::classify(statement.text);
    return about.known && about.undoable;
  });
}

}  // namespace opshost::mysql
