// opshost version [--libs]
#include <spdlog/version.h>
#include <boost/version.hpp>
#include <lua.hpp>

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
  std::string text = LUAJIT_VERSION "\n";
  text += "Boost " + std::to_string(BOOST_VERSION / 100000) + "." + std::to_string(BOOST_VERSION / 100 % 1000) + "\n";
  text += "spdlog " + std::to_string(SPDLOG_VER_MAJOR) + "." + std::to_string(SPDLOG_VER_MINOR) + "." +
          std::to_string(SPDLOG_VER_PATCH) + "\n";
  const auto& build = build_info();
  text += "compiled by " + std::string(build.compiler) + ", " + std::string(build.linkage) + "\n";
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
                       .doc = "the libraries in it and the compiler",
                       .set = [with_libraries](const std::string&) { *with_libraries = true; }}},
          .run = [with_libraries](const std::vector<std::string>&) {
            standard_output().write(version_line() + (*with_libraries ? libraries() : ""));
            return 0;
          }};
}

}  // namespace opshost::cli
