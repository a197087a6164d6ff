#pragma once
// What a bench program prints: one line a measurement, with its target and what the alternative takes in the same run.
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace opshost::bench {

/// Machines and days differ: a measurement fails the run beyond this many times its target.
inline constexpr double kTolerance = 1.3;

/// The same thing done without opshost.
struct Alternative {
  std::string name;
  double value;
};

struct Measurement {
  std::string name;
  double value;
  double target;
  const char* unit;
  std::optional<Alternative> beside{};
};

class Report {
 public:
  explicit Report(const std::string& title);

  void add(const Measurement& measurement);
  /// Something worth knowing that has no target: the wall time beside a CPU time.
  void remark(const std::string& text);
  /// 1 where a measurement is beyond its target, and more than the tolerance.
  [[nodiscard]] int exit_code() const { return missed_ ? 1 : 0; }

 private:
  bool missed_ = false;
};

/// "12.3", "1.97", "0.045": three digits that count.
std::string number_text(double number);

/// CPU seconds of the calling thread, of all threads; seconds on the wall.
double thread_cpu();
double process_cpu();
double wall();

/// Runs all of them in turn, `repeats` times, and returns the least each took: what others do on this machine comes
/// on top of that.
std::vector<double> least_of(int repeats, const std::vector<std::function<double()>>& measured);

/// The middle one.
double median(std::vector<double> values);

}  // namespace opshost::bench
