#include "tests/bench/report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <limits>

namespace opshost::bench {

namespace {

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string ratio_text(double value, double base) { return base > 0 ? number_text(value / base) + " x" : "-"; }

}  // namespace

Report::Report(const std::string& title) {
  std::printf("\n%-52s %12s %12s %10s   %s\n", title.c_str(), "measured", "target", "of target", "beside");
}

void Report::add(const Measurement& measurement) {
  const bool missed = measurement.value > measurement.target * kTolerance;
  missed_ = missed_ || missed;
  const std::string unit = std::string(" ") + measurement.unit;
  std::string beside;
  if (measurement.beside) {
    beside = measurement.beside->name + " " + number_text(measurement.beside->value) + unit + " (" +
             ratio_text(measurement.value, measurement.beside->value) + ")";
  }
  std::printf("%-52s %12s %12s %10s   %s%s\n", measurement.name.c_str(),
              (number_text(measurement.value) + unit).c_str(), (number_text(measurement.target) + unit).c_str(),
              ratio_text(measurement.value, measurement.target).c_str(), beside.c_str(), missed ? "  MISSED" : "");
  std::fflush(stdout);
}

void Report::remark(const std::string& text) { std::printf("  %s\n", text.c_str()); }

std::string number_text(double number) {
  const double size = std::abs(number);
  int decimals = 0;
  if (size != 0 && size < 100) decimals = size < 1 ? 3 : size < 10 ? 2 : 1;
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, number);
  return text.data();
}

double thread_cpu() { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }
double process_cpu() { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }
double wall() { return seconds_of(CLOCK_MONOTONIC); }

std::vector<double> least_of(int repeats, const std::vector<std::function<double()>>& measured) {
  std::vector<double> least(measured.size(), std::numeric_limits<double>::max());
  for (int i = 0; i < repeats; ++i) {
    for (std::size_t k = 0; k < measured.size(); ++k) least[k] = std::min(least[k], measured[k]());
  }
  return least;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace opshost::bench
