#include "bindings/data/yaml/tree.hpp"

#include <libfyaml.h>

#include <algorithm>
#include <map>
#include <memory>
#include <unordered_set>

#include "host/json/document_error.hpp"
#include "host/json/text_writer.hpp"

namespace opshost::data::yaml {

namespace {

/// What is made of a tree recurses; no deeper than what a script can have written (host/lua/plain_data.cpp).
constexpr std::size_t kDeepest = 60;
/// Of a hostile document there would be more than a person ever wrote.
constexpr std::size_t kMostNodes = 1'000'000;
constexpr std::size_t kMostBlankLines = 1000;

struct DestroyParser {
  void operator()(fy_parser* parser) const { fy_parser_destroy(parser); }
};
struct DestroyDiagnostics {
  void operator()(fy_diag* diagnostics) const { fy_diag_destroy(diagnostics); }
};

std::string text_of(fy_token* token) {
  std::size_t length = 0;
  const char* text = token == nullptr ? nullptr : fy_token_get_text(token, &length);
  return text == nullptr ? std::string() : std::string(text, length);
}

/// "tag:yaml.org,2002:str" as it is written: "!!str".
std::string tag_of(fy_token* token) {
  constexpr std::string_view kStandard = "tag:yaml.org,2002:";
  const std::string tag = text_of(token);
  return tag.starts_with(kStandard) ? "!!" + tag.substr(kStandard.size()) : tag;
}

Style scalar_style(fy_token* token) {
  switch (fy_token_scalar_style(token)) {
    case FYSS_SINGLE_QUOTED:
      return Style::single_quoted;
    case FYSS_DOUBLE_QUOTED:
      return Style::double_quoted;
    case FYSS_LITERAL:
      return Style::literal;
    case FYSS_FOLDED:
      return Style::folded;
    default:
      return Style::plain;
  }
}

}  // namespace

/// libfyaml's events to a tree. Its own documents would recurse without a
/// limit, and resolve aliases by copying.
class Parser {
 public:
  explicit Parser(Tree& tree) : tree_(tree) {
    fy_diag_cfg silent{};
    fy_diag_cfg_default(&silent);
    silent.fp = nullptr;
    silent.output_fn = [](fy_diag*, void*, const char*, std::size_t) {};
    diagnostics_.reset(fy_diag_create(&silent));
    fy_diag_set_collect_errors(diagnostics_.get(), true);
    fy_parse_cfg config{};
    config.flags = static_cast<fy_parse_cfg_flags>(FYPCF_DEFAULT_VERSION_1_2 | FYPCF_COLLECT_DIAG |
                                                   FYPCF_DISABLE_MMAP_OPT | FYPCF_SLOPPY_FLOW_INDENTATION);
    config.diag = diagnostics_.get();
    parser_.reset(fy_parser_create(&config));
    if (parser_ == nullptr) throw std::bad_alloc();
  }

  void run() {
    const std::size_t nul = tree_.text_.find('\0');
    if (nul != std::string_view::npos) fail_at(nul, "data.syntax", "YAML has no NUL byte");
    // libfyaml reads such a text as none at all.
    const std::size_t bad = json::find_ill_formed(tree_.text_);
    if (bad != std::string_view::npos) fail_at(bad, "data.syntax", "this byte is no UTF-8, and YAML has nothing else");
    check_blank_lines();
    // libfyaml takes a length of 0 for a C string.
    if (tree_.text_.empty()) return;
    if (fy_parser_set_string(parser_.get(), tree_.text_.data(), tree_.text_.size()) != 0) throw std::bad_alloc();
    while (fy_event* event = fy_parser_parse(parser_.get())) {
      const auto free_event = [this](fy_event* done) { fy_parser_event_free(parser_.get(), done); };
      const std::unique_ptr<fy_event, decltype(free_event)> owner(event, free_event);
      take(*event);
    }
    if (fy_parser_get_stream_error(parser_.get())) fail_with_diagnostics();
  }

 private:
  /// libfyaml takes the square of their number.
  void check_blank_lines() const {
    std::size_t count = 0;
    for (std::size_t begin = 0; begin < tree_.text_.size();) {
      const std::size_t end = std::min(tree_.text_.find('\n', begin), tree_.text_.size());
      const bool is_blank = tree_.text_.substr(begin, end - begin).find_first_not_of(" \t\r") == std::string_view::npos;
      count = is_blank ? count + 1 : 0;
      if (count > kMostBlankLines) {
        fail_at(begin, "data.limit",
                "there are more than " + std::to_string(kMostBlankLines) + " blank lines one behind the other");
      }
      begin = end + 1;
    }
  }

  /// A list or map whose end is still to come.
  struct Open {
    Node* node;
    const Node* name = nullptr;  ///< of a map, while its value is to come
    std::string anchor{};
  };

  void take(const fy_event& event) {
    switch (event.type) {
      case FYET_DOCUMENT_START:
        anchors_.clear();
        break;
      case FYET_SCALAR:
        take_scalar(event.scalar);
        break;
      case FYET_ALIAS:
        take_alias(event.alias.anchor);
        break;
      case FYET_SEQUENCE_START:
        begin(NodeKind::list, event.sequence_start.sequence_start, event.sequence_start.tag,
              event.sequence_start.anchor);
        break;
      case FYET_MAPPING_START:
        begin(NodeKind::map, event.mapping_start.mapping_start, event.mapping_start.tag, event.mapping_start.anchor);
        break;
      case FYET_SEQUENCE_END:
        end(event.sequence_end.sequence_end);
        break;
      case FYET_MAPPING_END:
        end(event.mapping_end.mapping_end);
        break;
      default:
        break;
    }
  }

  Node& make(NodeKind kind, fy_token* token, fy_token* tag) {
    Node& node = tree_.nodes_.emplace_back();
    node.kind = kind;
    node.tag = tag_of(tag);
    const fy_mark* from = token == nullptr ? nullptr : fy_token_start_mark(token);
    const fy_mark* to = token == nullptr ? nullptr : fy_token_end_mark(token);
    node.begin = from == nullptr ? last_end_ : from->input_pos;
    node.end = to == nullptr ? node.begin : to->input_pos;
    last_end_ = std::max(last_end_, node.end);
    if (tree_.nodes_.size() > kMostNodes) {
      tree_.fail("data.limit", node, "there are more than " + std::to_string(kMostNodes) + " values");
    }
    return node;
  }

  void take_scalar(const fy_event_scalar_data& scalar) {
    Node& node = make(NodeKind::scalar, scalar.value, scalar.tag);
    node.text = text_of(scalar.value);
    node.style = scalar_style(scalar.value);
    if (node.style == Style::single_quoted || node.style == Style::double_quoted) with_quotes(node);
    node.is_anchored = scalar.anchor != nullptr;
    if (node.is_anchored) anchors_[text_of(scalar.anchor)] = &node;
    add(node);
  }

  /// libfyaml's marks are within the quotes.
  void with_quotes(Node& node) {
    const char quote = node.style == Style::single_quoted ? '\'' : '"';
    const auto text = tree_.text_;
    if (node.begin > 0 && text[node.begin - 1] == quote) --node.begin;
    if (node.end < text.size() && text[node.end] == quote) ++node.end;
    last_end_ = std::max(last_end_, node.end);
  }

  void take_alias(fy_token* token) {
    const std::string name = text_of(token);
    const auto anchor = anchors_.find(name);
    if (anchor == anchors_.end()) {
      const Node& here = make(NodeKind::scalar, token, nullptr);
      const bool is_open =
          std::any_of(open_.begin(), open_.end(), [&](const Open& open) { return open.anchor == name; });
      tree_.fail("data.syntax", here,
                 is_open ? "the alias *" + name + " stands inside of what it means" : "there is no anchor &" + name);
    }
    anchor->second->is_alias_target = true;
    if (!open_.empty()) {
      const Node& owner = *open_.back().node;
      const bool is_name = owner.kind == NodeKind::map && open_.back().name == nullptr;
      if (!is_name) {
        tree_.aliases_.push_back({&owner, owner.kind == NodeKind::list ? owner.elements.size() : owner.entries.size()});
      }
    }
    add(*anchor->second);
  }

  void begin(NodeKind kind, fy_token* token, fy_token* tag, fy_token* anchor) {
    Node& node = make(kind, token, tag);
    // A flow's first token is its bracket; a block's has no text of its own.
    const bool is_flow = node.begin < tree_.text_.size() && node.end > node.begin &&
                         (tree_.text_[node.begin] == '[' || tree_.text_[node.begin] == '{');
    node.style = is_flow ? Style::flow : Style::block;
    node.is_anchored = anchor != nullptr;
    if (open_.size() >= kDeepest) {
      tree_.fail("data.limit", node, "nested deeper than " + std::to_string(kDeepest) + " levels");
    }
    open_.push_back({.node = &node, .anchor = text_of(anchor)});
  }

  void end(fy_token* token) {
    const Open open = std::move(open_.back());
    open_.pop_back();
    Node& node = *open.node;
    if (node.style == Style::flow) {
      const fy_mark* mark = token == nullptr ? nullptr : fy_token_end_mark(token);
      if (mark != nullptr) node.end = mark->input_pos;
    } else {
      node.end = std::max(node.end, last_end_);
    }
    last_end_ = std::max(last_end_, node.end);
    if (node.kind == NodeKind::map) check_names(node);
    if (!open.anchor.empty()) anchors_[open.anchor] = &node;
    add(node);
  }

  /// A finished node goes to what is around it.
  void add(Node& node) {
    if (open_.empty()) {
      tree_.documents_.push_back(&node);
      return;
    }
    Open& around = open_.back();
    if (around.node->kind == NodeKind::list) {
      around.node->elements.push_back(&node);
    } else if (around.name == nullptr) {
      if (node.kind != NodeKind::scalar) tree_.fail("data.syntax", node, "a name has to be a text");
      around.name = &node;
    } else {
      around.node->entries.emplace_back(around.name, &node);
      around.name = nullptr;
    }
  }

  void check_names(const Node& map) {
    std::unordered_set<std::string_view> names;
    for (const auto& [name, value] : map.entries) {
      if (names.insert(name->text).second) continue;
      tree_.fail("data.duplicate_key", *name,
                 "the name " + describe(Value(name->text)) + " stands in this map already");
    }
  }

  [[noreturn]] void fail_at(std::size_t offset, const char* code, const std::string& problem) const {
    throw document_error(code, tree_.file_, text_place(tree_.text_, offset), problem);
  }

  [[noreturn]] void fail_with_diagnostics() {
    void* iterator = nullptr;
    const fy_diag_error* error = fy_diag_errors_iterate(diagnostics_.get(), &iterator);
    if (error == nullptr) fail_at(last_end_, "data.syntax", "this is no YAML");
    // libfyaml counts both from 1.
    const auto at_least_one = [](int number) { return static_cast<std::size_t>(std::max(number, 1)); };
    throw document_error("data.syntax", tree_.file_,
                         {.line = at_least_one(error->line), .column = at_least_one(error->column)}, error->msg);
  }

  Tree& tree_;
  std::unique_ptr<fy_diag, DestroyDiagnostics> diagnostics_;
  std::unique_ptr<fy_parser, DestroyParser> parser_;
  std::vector<Open> open_;
  std::map<std::string, Node*> anchors_;
  std::size_t last_end_ = 0;
};

Tree::Tree(std::string_view text, std::string file) : text_(text), file_(std::move(file)) { Parser(*this).run(); }

bool Tree::is_alias(const Node& owner, std::size_t position) const {
  return std::any_of(aliases_.begin(), aliases_.end(),
                     [&](const Alias& alias) { return alias.owner == &owner && alias.position == position; });
}

std::vector<Comment> Tree::comments() const {
  // Within these a "#" is text. Of a literal text's first line, with its "|", it is not.
  std::vector<std::pair<std::size_t, std::size_t>> scalars;
  for (const Node& node : nodes_) {
    if (node.kind == NodeKind::scalar && node.end > node.begin) scalars.emplace_back(node.begin, node.end);
  }
  std::sort(scalars.begin(), scalars.end());
  std::vector<Comment> comments;
  auto scalar = scalars.begin();
  for (std::size_t at = text_.find('#'); at < text_.size(); at = text_.find('#', at + 1)) {
    while (scalar != scalars.end() && scalar->second <= at) ++scalar;
    const bool is_text = scalar != scalars.end() && scalar->first <= at;
    const bool begins_word = at == 0 || std::string_view(" \t\r\n").find(text_[at - 1]) != std::string_view::npos;
    if (is_text || !begins_word) continue;
    std::size_t end = std::min(text_.find('\n', at), text_.size());
    if (text_[end - 1] == '\r') --end;
    comments.push_back({.offset = at, .text = text_.substr(at, end - at)});
    at = end;
  }
  return comments;
}

void Tree::fail(const char* code, const Node& node, const std::string& problem) const {
  throw document_error(code, file_, text_place(text_, node.begin), problem);
}

}  // namespace opshost::data::yaml
