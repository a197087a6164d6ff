// opshost scripts: which file runs for each script library, a site's own or the built-in one.
#include "host/cli/commands.hpp"
#include "host/lua/script_files.hpp"
#include "host/term/output.hpp"

namespace opshost::cli {

Command scripts_command(const Modules&) {
  auto folders = std::make_shared<std::vector<std::string>>();
  return {.name = "scripts",
          .summary = "show the script libraries and where each comes from",
          .arguments = "",
          .options = {{.name = "--scripts",
                       .value_name = "FOLDER",
                       .doc = "look here first",
                       .set = [folders](const std::string& folder) { folders->push_back(folder); }}},
          .run = [folders](const std::vector<std::string>&) {
            auto all = *folders;
            for (auto& folder : lua::default_script_folders()) all.push_back(std::move(folder));
            std::string text;
            for (const auto& script : lua::list_scripts(all)) {
              text += script.name + "  " + script.path +
                      (script.hides_built_in ? "  (instead of the built-in one)" : "") + "\n";
            }
            standard_output().write(text.empty() ? "no script libraries\n" : text);
            return 0;
          }};
}

}  // namespace opshost::cli
