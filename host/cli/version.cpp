// opshost version [--libs]
#include <string_view>

#include "host/base/build_info.hpp"
#include "host/cli/commands.hpp"
#include "host/term/output.hpp"

namespace opshost::cli {

namespace {

std::string version_line() {
  const auto& build = build_info();
  const std::string commit = build.commit.empty() ? "" : " (" + std::string(build.commit) + ")";
  return "opshost " + std::string(build.version) + commit + "\n";
}

std::string libraries() {
  const auto& build = build_info();
  std::string text = "compiled by " + std::string(build.compiler) + ", " + std::string(build.linkage) +
                     ", with the libraries of these Debian packages:\n";
  std::string_view rest = build.libraries;
  while (!rest.empty()) {
    const auto end = rest.find(", ");
    text += "  " + std::string(rest.substr(0, end)) + "\n";
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
  }
  return text;
}

}  // namespace

Command version_command(const Modules&) {
  auto with_libraries = std::make_shared<bool>(false);
  return {.name = "version",
          .summary = "show the version; --libs: what it is made of",
          .arguments = "",
          .options = {{.name = "--libs",
                       .value_name = "",
                       .doc = "the compiler, and the libraries it was built with",
                       .set = [with_libraries](const std::string&) { *with_libraries = true; }}},
          .run = [with_libraries](const std::vector<std::string>&) {
            standard_output().write(version_line() + (*with_libraries ? libraries() : ""));
            return 0;
          }};
}

}  // namespace opshost::cli
