#pragma once
// stdout, which may go away at any time (`opshost run ... | head`) while the run must go on.
#include <mutex>
#include <string>
#include <string_view>

namespace opshost {

class Output {
 public:
  /// `name` is what the warning calls it.
  Output(int descriptor, std::string name);

  /// Writes the text at once, its secrets blanked. After the first failure everything is dropped; that failure is
  /// logged as one warning.
  void write(std::string_view text);
  [[nodiscard]] bool is_dropped();

 private:
  const int descriptor_;
  const std::string name_;
  std::mutex mutex_;
  bool dropped_ = false;
};

Output& standard_output();

}  // namespace opshost
