#include "bindings/data/inventory/module.hpp"

#include "bindings/data/inventory/inventory.hpp"
#include "host/gate/touches_nothing.hpp"
#include "host/json/document_error.hpp"

namespace opshost::data::inventory {

namespace {

using namespace lua;

struct ParseOptions {
  std::string file{};
  Format format = Format::automatic;
};
OPSHOST_RECORD(ParseOptions, "How to read an inventory", (file, "where the text is from, for errors"),
               (format, "\"auto\" goes by the file's ending, then by the first line"))

std::shared_ptr<Inventory> parse(std::string text, const ParseOptions& options) {
  return std::make_shared<Inventory>(std::move(text), options.file, options.format);
}

void declare_errors(Module& module) {
  module.error<DocumentPlace>("inventory.syntax", "the text is no inventory",
                              "correct it at the line and column the message names");
  module.error<DocumentPlace>("inventory.circle", "groups contain each other, or ways go through each other",
                              "take one of the named steps out");
  module.error<DocumentPlace>("inventory.conflict", "a variable has two values at the same place",
                              "keep one of the two; both places are in the message");
  module.error<DocumentPlace>("inventory.duplicate_host", "a group lists a host twice", "take one of them out");
  module.error<DocumentPlace>("inventory.unknown_host", "there is no host of that name",
                              "correct the name; the message shows the nearest one, if any is near");
  module.error<DocumentPlace>(
      "inventory.unknown_group", "there is no group of that name",
      "correct the name, or define the group; the message shows the nearest one, if any is near");
  module.error<DocumentPlace>("inventory.value", "a connection detail is not what it has to be",
                              "the message says what is expected");
  module.error<DocumentPlace>("inventory.plain_secret", "a password stands in the inventory itself",
                              "put it into the environment, a file of mode 0600 or a password store, and name that");
  module.error("inventory.limit", "a selection of hosts cannot be read",
               "write terms with commas between: 'db*,!db3,@group'");
}

}  // namespace

void declare(Module& module) {
  module.subject(gate::kTouchesNothing);
  module.doc(
      "An inventory is a YAML or INI file as Ansible has them: hosts (also as ranges, `db[1-9]`), groups, groups of "
      "groups, and variables, of which the one nearest to the host wins. `address`, `port`, `user`, `key`, "
      "`known_hosts`, `password` and `via`, or Ansible's names for them, say how to connect; a password only says "
      "where it is.\n\n"
      "Every `connect` takes a host of an inventory, alone or as its `host` (`hosts` of zk): `ssh.connect(host)`, "
      "`mysql.connect({ host = host, user = \"app\" })`; what the script says wins. What concerns one binding alone "
      "are variables named after it: `mysql_port`, `mysql_password` (by reference), `zk_port`, `docker_endpoint`, "
      "`docker_cert_path`, `ssh_host_key`. Without a `docker_endpoint` docker goes through ssh to the host's own "
      "socket.\n\n"
      "A selection is a list of terms with commas between: a host, a pattern (`db*`, `db[1-3]`), a group (`@web`); `!` "
      "takes away, `&` keeps only those that are in both: `'db*,!db3,@web'`.");
  module.example(
      "local inventory = require \"ops.inventory\"\n"
      "local site = inventory.parse(\"[db]\\ndb[1-3] user=admin\\n[web]\\nweb1 address=10.0.0.9\\n\")\n"
      "for _, host in ipairs(site:hosts(\"@db,!db2\")) do print(host.name, host.user) end");
  module.observe("parse", parse, {{"text", "the inventory"}, {"options", "where it is from, how it is written"}},
                 "Read an inventory from a text",
                 Raises{"inventory.syntax", "inventory.circle", "inventory.conflict", "inventory.duplicate_host",
                        "inventory.unknown_host", "inventory.unknown_group", "inventory.value",
                        "inventory.plain_secret", "data.syntax", "data.duplicate_key", "data.number", "data.limit"});
  module.type<Inventory>("Inventory", "Hosts and groups of a site", &Inventory::subject)
      .observe("hosts", &Inventory::hosts, {{"limit", "which of them: \"db*,!db3,@group\"; all unless given"}},
               "The selected hosts, in the inventory's order",
               Raises{"inventory.unknown_host", "inventory.unknown_group", "inventory.limit"})
      .observe("names", &Inventory::names, {{"limit", "which of them; all unless given"}},
               "The names of the selected hosts, in the inventory's order",
               Raises{"inventory.unknown_host", "inventory.unknown_group", "inventory.limit"})
      .observe("host", &Inventory::host, {{"name", "its name"}}, "One host", Raises{"inventory.unknown_host"})
      .observe("find_host", &Inventory::find_host, {{"name", "its name"}}, "Look a host up",
               Returns{"nil where there is none"})
      .observe("group", &Inventory::group, {{"name", "its name"}}, "One group", Raises{"inventory.unknown_group"})
      .observe("groups", &Inventory::groups, {}, "The names of all groups");
  declare_errors(module);
}

}  // namespace opshost::data::inventory
