#pragma once
// Reads a script's grammar just far enough to know its scopes, its calls and the tables written at them.
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "host/lua/source_lexer.hpp"
#include "host/lua/source_scope.hpp"

namespace opshost {

class SourceParser {
 public:
  SourceParser(std::string_view source, const SourceNames& names, SourceScope& scope);

  /// False where a syntax error, or nesting deeper than Lua allows, ended the reading.
  bool read();

 private:
  /// LuaJIT refuses more than 200 levels of nesting.
  static constexpr std::size_t kDeepest = 200;

  struct SyntaxStop : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  /// One level deeper for as long as it lives.
  class Nesting {
   public:
    explicit Nesting(std::size_t& depth) : depth_(depth) {
      if (depth_ >= kDeepest) throw SyntaxStop("nested too deeply");
      ++depth_;
    }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    ~Nesting() { --depth_; }

   private:
    std::size_t& depth_;
  };

  /// What the place wants: a table written there is compared with it.
  struct Expected {
    const Type* type = nullptr;
    std::vector<VariableId> through{};
  };
  struct Expression {
    Meaning meaning{};
    std::optional<Token> literal{};  ///< a string without escapes and nothing else
  };
  /// What an assignment may write to.
  struct Target {
    Token name{};     ///< `x`
    Meaning owner{};  ///< `owner.field`
    Token field{};
    bool is_call = false;
  };

  void advance();
  [[nodiscard]] bool is(std::string_view text) const { return token_.is(text); }
  bool skip(std::string_view text);
  void expect(std::string_view text);
  Token name();
  [[nodiscard]] bool ends_block() const;
  [[nodiscard]] bool begins_arguments() const;
  [[nodiscard]] bool begins_suffix() const;

  void block();
  void scoped_block();
  void statement();
  void if_statement();
  void for_statement();
  void repeat_statement();
  void function_statement();
  void local_function();
  void local_variables();
  void expression_statement();
  void assign(const Target& target);
  void function_body(bool has_self);

  std::vector<Meaning> expression_list();
  Expression expression() { return expression(Expected()); }
  Expression expression(const Expected& expected);
  Expression operand(const Expected& expected);
  Expression simple(const Expected& expected);
  /// With a `target`, what may be assigned to is noted there and not taken as read.
  Meaning suffixed(Target* target);
  Meaning primary(Target* target);
  Meaning member(const Meaning& owner, const Token& field);
  Meaning index(const Meaning& owner);
  Meaning method_call(const Meaning& owner);
  Meaning call(const Meaning& callee);
  Meaning require_call(const std::vector<Expression>& given);
  std::vector<Expression> arguments(const FunctionInfo* function, const std::vector<VariableId>& through);
  void table(Expected expected);
  /// One entry; the key it gives, empty for a position, nullopt for a computed key.
  std::optional<std::string_view> table_entry(const Expected& expected);
  void check_field(const Expected& expected, const Token& key);

  SourceLexer lexer_;
  const SourceNames& names_;
  SourceScope& scope_;
  Token token_;
  Token ahead_;
  std::size_t depth_ = 0;
};

}  // namespace opshost
