#pragma once
// A YAML text as a tree that knows where each of its nodes stands, for reading,
// for messages and for edits in place.
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/text_place.hpp"

namespace opshost::data::yaml {

enum class NodeKind : std::uint8_t { scalar, list, map };
enum class Style : std::uint8_t { plain, single_quoted, double_quoted, literal, folded, block, flow };

struct Node;
using Entry = std::pair<const Node*, const Node*>;  ///< a name and its value

struct Node {
  NodeKind kind = NodeKind::scalar;
  Style style = Style::plain;
  bool is_anchored = false;
  bool is_alias_target = false;  ///< some alias means this node
  std::string tag{};             ///< as it stands: "!!str"; empty: none
  std::string text{};            ///< of a scalar
  std::size_t begin = 0;         ///< bytes [begin, end) of the text; of an absent value
                                 ///< both are where it would stand
  std::size_t end = 0;
  std::vector<const Node*> elements{};
  std::vector<Entry> entries{};
};

/// A value as its parent has it: an alias is another place for a node.
struct Alias {
  const Node* owner;  ///< the map or list
  std::size_t position;
};

struct Comment {
  std::size_t offset;     ///< of its "#"
  std::string_view text;  ///< to the end of its line
};

class Tree {
 public:
  /// Throws Error (host/json/document_error.hpp); `file` names the text in it.
  /// The text has to outlive the tree.
  Tree(std::string_view text, std::string file);

  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] const std::string& file() const { return file_; }
  /// The root of each document.
  [[nodiscard]] const std::vector<const Node*>& documents() const { return documents_; }
  /// True where the value at that position of a map or list is an alias.
  [[nodiscard]] bool is_alias(const Node& owner, std::size_t position) const;

  /// In their order.
  [[nodiscard]] std::vector<Comment> comments() const;

  /// An Error at that node.
  [[noreturn]] void fail(const char* code, const Node& node, const std::string& problem) const;

 private:
  friend class Parser;

  std::string_view text_;
  std::string file_;
  std::deque<Node> nodes_;
  std::vector<const Node*> documents_;
  std::vector<Alias> aliases_;
};

}  // namespace opshost::data::yaml
