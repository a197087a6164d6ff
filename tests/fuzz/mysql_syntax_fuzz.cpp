// SQL that is taken apart: whatever it is, no crash and no hang, and what is found is a part of it.
#include "bindings/mysql/syntax/script.hpp"
#include "bindings/mysql/syntax/statement.hpp"
#include "tests/fuzz/property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace opshost::mysql::syntax;
  const std::string text = text_of(data, size);
  const Classified whole = classify(text);
  holds(whole.known || !whole.only_reads, "what is not known does not count as reading");
  try {
    std::size_t line = 1;
    for (const ScriptStatement& statement : split_script(text)) {
      holds(statement.text.data() >= text.data() && statement.text.data() + statement.text.size() <= text.data() + size,
            "a statement is a part of the text");
      holds(statement.line >= line, "statements come in the order of their lines");
      line = statement.line;
      const Classified about = classify(statement.text);
      holds(!about.only_reads || about.kind == StatementKind::query, "only a query reads");
    }
  } catch (const SqlFault& fault) {
    holds(fault.offset <= size && !fault.what.empty(), "a fault is in the text, and says what is wrong");
  }
  return 0;
}
