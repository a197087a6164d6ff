#include "bindings/docker/module.hpp"

#include "bindings/docker/cluster.hpp"
#include "bindings/docker/engine.hpp"
#include "bindings/docker/errors.hpp"
#include "bindings/docker/file_commands.hpp"
#include "bindings/docker/logs.hpp"
#include "bindings/docker/recreate.hpp"
#include "bindings/docker/tracked.hpp"
#include "bindings/net/named_error.hpp"
#include "host/json/to_lua.hpp"

namespace opshost::docker {

namespace {

using namespace lua;

const Raises kReaches{"docker.unreachable", "docker.connection_lost", "docker.permission", "docker.tls",
                      "docker.tls_file",    "docker.protocol",        "docker.server",     "docker.invalid",
                      "docker.too_large",   "docker.api_version"};
const Raises kRuns{"docker.exit", "docker.timeout", "docker.not_running", "docker.conflict"};
const Raises kPrograms{"docker.exit", "docker.timeout", "docker.not_running", "docker.conflict"};
const Raises kFiles{"docker.wrong_type", "docker.in_memory"};
const Raises kNamed{"docker.not_found", "docker.ambiguous"};

void declare_engine(Module& module) {
  module.type<Engine>("Engine", "A Docker engine", &Engine::subject)
      .observe("alive", &Engine::alive, {}, "Tell whether the engine answers",
               Raises{"docker.permission", "docker.tls", "docker.tls_file"},
               Returns{"false where nothing answers; a refusal is an error"})
      .observe("ping", &Engine::ping, {}, "Ask whether the engine is there", kReaches)
      .observe("version", &Engine::version, {}, "Tell which engine it is", kReaches)
      .observe("info", &Engine::info, {}, "Everything the engine tells of itself", kReaches,
               Returns{"the engine's own document"})
      .observe("containers", &Engine::containers, {{"options", "which of them"}}, "List containers", kReaches)
      .observe("container", &Engine::container, {{"name", "its name, or its id or the beginning of that"}},
               "Name a container", kNamed, kReaches)
      .observe("find_container", &Engine::find_container, {{"name", "its name, or its id or the beginning of that"}},
               "Look for a container", Raises{"docker.ambiguous"}, kReaches, Returns{"nil where there is none"})
      .change("create", &Engine::create, {{"options", "what it shall be"}}, "Make a container; it does not run yet",
              Raises{"docker.not_found", "docker.conflict"}, kReaches, Returns{"the container"})
      .observe("find_exec", &Engine::find_exec, {{"id", "the exec_id of a run in a container"}},
               "Ask what became of a program that was run in a container", kReaches,
               Returns{"nil where the engine has forgotten it: the container ended, or the engine was restarted"})
      .observe("images", &Engine::images, {{"options", "which of them"}}, "List images", kReaches)
      .observe("image", &Engine::image, {{"name", "\"lab/busybox:1\", or an id"}}, "Name an image", kNamed, kReaches)
      .observe("find_image", &Engine::find_image, {{"name", "\"lab/busybox:1\", or an id"}}, "Look for an image",
               kReaches, Returns{"nil where there is none"})
      .change("load_image", &Engine::load_image,
              {{"path", "file of this machine that `docker save` wrote"}, {"options", "how long to wait"}},
              "Load images from a file", Repeatable{}, Raises{"docker.file", "docker.load_failed"}, kReaches,
              Returns{"the names or ids of what was loaded"})
      .observe("networks", &Engine::networks, {{"options", "which of them"}}, "List networks", kReaches)
      .observe("network", &Engine::network, {{"name", "its name or id"}}, "Name a network", kNamed, kReaches)
      .observe("find_network", &Engine::find_network, {{"name", "its name or id"}}, "Look for a network", kReaches,
               Returns{"nil where there is none"})
      .observe("events", &Engine::events, {{"options", "which of them"}},
               "Iterate over what happens at the engine, across restarts of it", kReaches)
      .closes(&Engine::close);
}

void declare_container(Module& module) {
  module.type<Container>("Container", "One container of an engine", &Container::subject)
      .observe("id", &Container::id, {}, "Its id")
      .observe("name", &Container::name, {}, "Its name")
      .observe("inspect", &Container::inspect, {}, "Everything the engine knows of it", kNamed, kReaches,
               Returns{"the engine's own document"})
      .observe("status", &Container::status, {}, "Tell what state it is in", kNamed, kReaches)
      .change("start", &Container::start, {}, "Start it, unless it runs", Repeatable{}, kNamed,
              Raises{"docker.conflict"}, kReaches)
      .change("stop", &Container::stop, {{"options", "how long it gets"}}, "Stop it gracefully, unless it has stopped",
              Repeatable{}, kNamed, kReaches)
      .change("restart", &Container::restart, {{"options", "how long it gets to stop"}}, "Stop it and start it again",
              kNamed, kReaches)
      .change("kill", &Container::kill, {{"options", "which signal"}}, "Send a signal to its first process", kNamed,
              Raises{"docker.not_running"}, kReaches)
      .change("pause", &Container::pause, {}, "Freeze all its processes", kNamed,
              Raises{"docker.not_running", "docker.conflict"}, kReaches)
      .change("unpause", &Container::unpause, {}, "Let its processes go on", kNamed, Raises{"docker.conflict"},
              kReaches)
      .change("rename", &Container::rename, {{"name", "its new name"}}, "Give it another name", kNamed,
              Raises{"docker.conflict"}, kReaches)
      .change("update", &Container::update, {{"options", "what to set"}}, "Set its limits or its restart policy",
              Repeatable{}, kNamed, kReaches)
      .destroy("delete", &Container::delete_container, {{"options", "also while it runs, also its volumes"}},
               "Delete it with all it wrote elsewhere than to its mounts", kNamed, Raises{"docker.conflict"}, kReaches)
      .destroy(
          "recreate", &Container::recreate, {{"options", "what shall be different"}},
          "Make it anew from what the engine knows of it; where that fails the old one is put back, and the error says "
          "how it is",
          kNamed, Raises{"docker.conflict", "docker.recreate", "docker.timeout"}, kReaches,
          Returns{"the new container"})
      .observe("wait_exited", &Container::wait_exited, {{"options", "how long"}}, "Wait until it has ended",
               Raises{"wait.timeout"}, kNamed, kReaches)
      .observe("wait_running", &Container::wait_running, {{"options", "how long"}}, "Wait until it runs",
               Raises{"wait.timeout"}, kNamed, kReaches)
      .observe("wait_healthy", &Container::wait_healthy, {{"options", "how long"}},
               "Wait until its health check passes", Raises{"wait.timeout", "docker.no_healthcheck"}, kNamed, kReaches)
      .observe("logs", &Container::logs, {{"options", "which lines"}}, "Iterate over what it wrote", kNamed, kReaches)
      .observe("read", &Container::run, {{"command", "the program and its arguments"}, {"options", "how to run it"}},
               "Run a program in it that only reads; a plan runs it too", kRuns, kNamed, kReaches,
               Returns{"what it answered"})
      .change("run", &Container::run, {{"command", "the program and its arguments"}, {"options", "how to run it"}},
              "Run a program in it that changes something; a plan only shows it", kRuns, kNamed, kReaches,
              Returns{"what it answered"})
      .observe("read_file", &Container::read_file, {{"path", "the file"}, {"options", "how to read it"}},
               "Read a whole file in it", kFiles, kNamed, kReaches, Returns{"its bytes"})
      .observe("stat", &Container::stat, {{"path", "the file, directory or link"}, {"options", "how to look"}},
               "Tell type, size and mode of a path in it", kNamed, Raises{"docker.in_memory"}, kReaches)
      .observe("exists", &Container::exists, {{"path", "the file, directory or link"}},
               "Tell whether a path in it leads to something, and to what", kNamed, Raises{"docker.in_memory"},
               kReaches, Returns{"nil where nothing is"})
      .change("write_file", &Container::write_file,
              {{"path", "the file"}, {"content", "its new bytes"}, {"options", "mode and owner"}},
              "Replace a file's content in it, not at once: the engine takes the old file away and writes the new one",
              Repeatable{}, kFiles, kNamed, kReaches)
      .change("mkdir", &Container::mkdir, {{"path", "the directory"}, {"options", "mode and owner"}},
              "Make a directory in it, unless it exists", Repeatable{}, kFiles, kNamed, kReaches)
      .observe("list", &Container::list, {{"path", "the directory"}},
               "List a directory in it, by name; its sh and stat do it, so it has to run", kPrograms, kNamed, kReaches)
      .observe("checksum", &Container::checksum, {{"path", "the file"}},
               "Compute the SHA-256 of a file in it; its sha256sum does it, so it has to run", kPrograms, kNamed,
               kReaches, Returns{"64 hexadecimal digits"})
      .change("chmod", &Container::chmod,
              {{"path", "the file or directory"}, {"mode", "permissions as chmod takes them: \"0644\""}},
              "Change the permissions of a path in it; its chmod does it, so it has to run", Repeatable{}, kPrograms,
              kNamed, kReaches)
      .destroy("delete_path", &Container::delete_path,
               {{"path", "the file, link or directory"}, {"options", "recursive or not"}},
               "Delete a file, link or directory in it; its rm does it, so it has to run", kPrograms, kNamed, kReaches);
}

void declare_image(Module& module) {
  module.type<Image>("Image", "An image of an engine", &Image::subject)
      .observe("id", &Image::id, {}, "Its id")
      .observe("name", &Image::name, {}, "The name it was asked for by")
      .observe("inspect", &Image::inspect, {}, "Everything the engine knows of it", kNamed, kReaches,
               Returns{"the engine's own document"})
      .change("tag", &Image::tag, {{"name", "\"repository:tag\"; without a tag it is \"latest\""}},
              "Give it one more name", Repeatable{}, kNamed, Raises{"docker.conflict"}, kReaches)
      .destroy("delete", &Image::delete_image, {{"options", "how"}},
               "Take away the name it was asked for by; the image goes with its last name", kNamed,
               Raises{"docker.conflict"}, kReaches);
}

void declare_network(Module& module) {
  module.type<Network>("Network", "A network of an engine", &Network::subject)
      .observe("id", &Network::id, {}, "Its id")
      .observe("name", &Network::name, {}, "Its name")
      .observe("inspect", &Network::inspect, {}, "Everything the engine knows of it", kNamed, kReaches,
               Returns{"the engine's own document"})
      .change("connect", &Network::connect,
              {{"container", "its name or id"}, {"options", "its address and names there"}},
              "Connect a container to it", kNamed, Raises{"docker.conflict"}, kReaches)
      .change("disconnect", &Network::disconnect, {{"container", "its name or id"}, {"options", "how"}},
              "Disconnect a container from it", kNamed, Raises{"docker.conflict"}, kReaches);
}

void declare_cluster(Module& module) {
  module.observe("cluster", cluster_of,
                 {{"engines", "engines by the name of their host, or a list of endpoints"},
                  {"options", "how to reach the endpoints of a list"}},
                 "See several engines as one", Returns{"the cluster"});
  module.type<Cluster>("Cluster", "Several engines seen as one", &Cluster::subject)
      .observe("listing", &Cluster::listing, {{"options", "which containers"}},
               "List the containers of all engines at once, and the engines that did not answer")
      .observe("containers", &Cluster::containers, {{"options", "which containers"}},
               "List the containers of all engines at once; one that does not answer is an error",
               Raises{"docker.incomplete"})
      .observe("container", &Cluster::container, {{"name", "its name or its whole id"}},
               "Name a container, on whichever engine it is; by a name only where every engine answers, for several "
               "may have it",
               Raises{"docker.not_found", "docker.ambiguous", "docker.incomplete"})
      .observe("engine", &Cluster::engine, {{"host", "the name of its host"}}, "The engine of one host",
               Raises{"docker.not_found"});
}

void declare_errors(Module& module) {
  module.error("docker.incomplete", "not every engine of a cluster answered, so the answer may be in one of the others",
               "look at the engines the message names; listing() tells what the others have");
  module.error<EngineRefusal>("docker.not_found", "the engine has no such container, image, network or program",
                              "correct the name; the message shows the nearest one there is");
  module.error<EngineRefusal>("docker.ambiguous", "the beginning of an id fits several", "write more of it");
  module.error<EngineRefusal>("docker.conflict", "the engine cannot do it in the state things are in",
                              "the message has its words: a name that is taken, a container that is paused or runs");
  module.error<EngineRefusal>("docker.not_running", "the container does not run", "start it first");
  module.error<EngineRefusal>("docker.invalid", "the engine finds something wrong with what was asked",
                              "the message has its words");
  module.error<EngineRefusal>("docker.server", "the engine failed", "the message has its words; look at its log");
  module.error<EngineRefusal>("docker.permission", "the engine, or its socket, does not let us",
                              "run opshost as root or as a member of the socket's group");
  module.error("docker.unreachable", "there is no engine to talk to", "see whether it is started and where it listens");
  module.error("docker.connection_lost", "the connection was lost in the middle",
               "look whether the engine still runs; err.maybe_applied tells whether a change may have been made");
  module.error<net::TlsRefusal>("docker.tls", "the connection could not be secured",
                                "err.detail.problem says which side's certificate is the trouble");
  module.error("docker.tls_file", "a certificate or key of ours cannot be used", "the message names the file");
  module.error("docker.protocol", "what answered is no Docker engine, or a broken one", "see what listens there");
  module.error("docker.too_large", "the answer is larger than what is kept in memory", "ask for less");
  module.error("docker.api_version", "the engine is older than what is asked of it",
               "the message names the API version it takes; Docker 1.11 is the oldest opshost speaks to");
  module.error("docker.no_healthcheck", "nothing tells the container's health",
               "use wait_running, or run a probe of your own with read");
  module.error<CommandResult>("docker.exit", "the program ended with an exit code that was not accepted",
                              "read its stderr in the message; list the code in `accept` where it is an answer");
  module.error<StoppedCommand>(
      "docker.timeout", "there was no answer within `timeout`; a program was ended",
      "give it more time with `timeout`, of the call or else of docker.connect, or find out what it waits for");
  module.error("docker.wrong_type", "a directory stands where a file is needed, or the other way round",
               "correct the path");
  module.error("docker.in_memory",
               "the path is in a file system in memory of the container, which the engine does not see",
               "let the container's own programs do it: read({\"cat\", path}), run(...) with stdin");
  module.error("docker.file", "a file of this machine cannot be read", "correct the path");
  module.error<EngineRefusal>("docker.load_failed", "the engine could not load the images",
                              "is it a file that `docker save` wrote, whole?");
  module.error("docker.recreate", "a container could not be made anew",
               "the message says what failed and what became of the old one");
}

}  // namespace

void declare(Module& module) {
  module.subject("engine");
  module.doc(
      "Docker engines over their Unix socket, over TCP with TLS and client certificates, or through an ssh connection. "
      "Names are those of the docker command. Without an endpoint `connect` reads DOCKER_HOST, DOCKER_TLS, "
      "DOCKER_TLS_VERIFY and DOCKER_CERT_PATH as the docker command does; where TLS is spoken it always verifies, and "
      "DOCKER_CERT_PATH alone asks for TLS.\n\n"
      "The API version is the newest that both sides know, from 1.23 (Docker 1.11) on. How each is tested:\n\n"
      "- 1.41 (Docker 20.10): live.\n"
      "- 1.23 (Docker 1.11): live, asked of Docker 20.10, and with answers written after the documentation of Docker "
      "1.11, which itself was not tried.\n"
      "- 1.24, 1.25, 1.30, 1.35, 1.40 (Docker 1.12 to 19.03): live, asked of Docker 20.10.\n"
      "- 1.42 to 1.45 (Docker 23 to 26): untested.\n"
      "- Newer ones: 1.45 is spoken, or the oldest the engine knows where that is newer; only this choice is "
      "tested.\n\n"
      "What an engine is too old for is done another way (`env` and `cwd` of a program, `cpus`, lists by network) or "
      "refused with docker.api_version; nothing is passed over in silence.");
  module.example(
      "local docker = require \"docker\"\n"
      "local engine = docker.connect(\"unix:///var/run/docker.sock\")\n"
      "if engine:alive() then\n"
      "  for _, container in ipairs(engine:containers({ status = \"running\" })) do print(container.name) end\n"
      "end");
  module.observe(
      "connect", connect,
      {{"endpoint", "\"unix:///var/run/docker.sock\", \"tcp://host:2376\"; from the environment unless given"},
       {"options", "certificates, a jump host"}},
      "Name an engine; connections open on first use", Returns{"the engine"});
  // `via` names ssh's handle, which a build without ssh declares nowhere.
  if (auto& way = handle_class<net::Route>().type; way.doc.empty())
    way.doc = "An ssh connection, as a way to a network";
  // What an engine gives comes first: its own functions name these.
  declare_container(module);
  declare_image(module);
  declare_network(module);
  declare_engine(module);
  declare_cluster(module);
  module.observe("ask_tracked", ask_tracked, {{"note", "the journal's"}, {"options", "how long"}},
                 "Ask what became of a program", Hidden{});
  declare_errors(module);
}

}  // namespace opshost::docker
