#pragma once
// Finds every registered secret in a text, whatever their number.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/unescape.hpp"

namespace opshost {

/// Not synchronised: the registry in secret.cpp does that.
class SecretIndex {
 public:
  /// Shorter values are left alone: they would blank ordinary words.
  static constexpr std::size_t kMinLength = 6;

  void add(const std::string& secret);
  [[nodiscard]] bool empty() const { return needles_.empty(); }

  /// The text with what is secret in it replaced by "***".
  [[nodiscard]] std::string redact(std::string_view text) const;
  /// How many bytes at the end of the text may be the first of a secret, or of its base64, that goes on behind it; 0
  /// for fewer than kMinBegun.
  [[nodiscard]] std::size_t begun_at_end(std::string_view text) const;
  static constexpr std::size_t kMinBegun = 3;
  /// Appends where it stands.
  void find(std::string_view text, std::vector<TextRange>& found) const;

 private:
  enum class Form : std::uint8_t { raw, base64 };
  enum class Search : std::uint8_t { everything, base64_only };
  using Needles = std::map<std::string, Form, std::less<>>;

  void add_needle(std::string_view needle, Form form);
  void add_lines(std::string_view secret);
  void add_base64(std::string_view secret);

  void rebuild_filter();
  void add_to_filter(std::uint64_t prefix);
  [[nodiscard]] bool may_start(std::uint64_t prefix) const;

  [[nodiscard]] Needles::const_iterator longest_at_front(std::string_view text) const;
  void find(const TextView& view, Search search, std::vector<TextRange>& found) const;
  void find_unescaped(const TextView& view, int escapings_left, std::vector<TextRange>& found) const;

  Needles needles_;
  /// A bit for each hash of a needle's first kMinLength bytes: most positions of a text are told apart by one look.
  std::vector<std::uint64_t> filter_;
  bool some_have_spaces_ = false;
  bool some_have_quotes_ = false;
};

/// The text with the ranges replaced by "***", those that overlap or touch by one.
std::string blank(std::string_view text, std::vector<TextRange> ranges);

}  // namespace opshost
