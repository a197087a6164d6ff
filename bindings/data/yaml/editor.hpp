#pragma once
// Changes in a YAML text that leave every other byte as it is: comments, order, quotes and indentation stay.
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "bindings/data/document.hpp"
#include "bindings/data/yaml/tree.hpp"

namespace opshost::data::yaml {

/// A name in a map, or a position in a list, from 1.
using Step = std::variant<std::string, std::size_t>;
using Path = std::vector<Step>;

/// "services.web.ports[2]", or a list of names and positions where a name has points in it. Throws Error
/// usage.argument.
Path parse_path(const Value& path);

/// A text after a change.
struct Edited {
  std::string text{};
  /// Where in the old text stood what was replaced or taken away; comments in there may be gone, others may not.
  std::size_t own_begin = 0;
  std::size_t own_end = 0;
};

/// A document that is being changed. After each change the text is read again and compared with what the change
/// should have made of it, and so are its comments: what cannot be done in place is refused (data.edit) and the text
/// stays as it was.
class Editor {
 public:
  /// Throws Error where the text is no YAML, or has several documents.
  Editor(std::string text, std::string file);
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;
  ~Editor();

  [[nodiscard]] std::string subject() const { return file_.empty() ? "YAML" : file_; }
  [[nodiscard]] std::string text() const;

  /// What stands there; nullopt where nothing does.
  [[nodiscard]] std::optional<Document> get(const Value& path) const;
  /// Maps on the way to it that are missing are made; the position behind a list's last appends.
  void set(const Value& path, const Document& document);
  /// Nothing, where it is not there.
  void erase(const Value& path);

 private:
  /// The text, read once.
  struct Reading;

  void replace_if_right(Edited edited, const Value& expected);

  std::unique_ptr<const Reading> reading_;
  std::string file_;
};

}  // namespace opshost::data::yaml
