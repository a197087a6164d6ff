#pragma once
// What is said of containers, both ways.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/lua/record.hpp"

namespace opshost::docker {

struct ListOptions {
  bool all = true;
  std::optional<std::string> name{};
  std::optional<std::string> label{};
  std::optional<std::string> status{};
  std::optional<std::string> network{};
  std::optional<std::string> image{};
};
OPSHOST_RECORD(ListOptions, "Which containers to list", (all, "false: only those that run"),
               (name, "a regular expression in the engine's spelling (Go) that a name has to match"),
               (label, "\"role\" or \"role=broker\""),
               (status, "\"created\", \"running\", \"paused\", \"restarting\", \"exited\" or \"dead\""),
               (network, "name or id of a network they are connected to"),
               (image, "name or id of the image they, or what they are built on, were made from"))

struct Port {
  std::optional<std::string> ip{};
  std::int64_t private_port = 0;
  std::optional<std::int64_t> public_port{};
  std::string type{};
};
OPSHOST_RECORD(Port, "A port of a container", (ip, "address of the host it is published at; nil where it is not"),
               (private_port, "the number inside"),
               (public_port, "the number at the host; nil where it is not published"),
               (type, "\"tcp\", \"udp\" or \"sctp\""))

struct ContainerSummary {
  std::string id{};
  std::string name{};
  std::vector<std::string> names{};
  std::string image{};
  std::string image_id{};
  std::string command{};
  double created = 0;
  std::string status{};
  std::string description{};
  std::map<std::string, std::string> labels{};
  std::map<std::string, std::string> addresses{};
  std::vector<Port> ports{};
};
OPSHOST_RECORD(ContainerSummary, "A container, as a list shows it", (id, "its id, 64 digits"), (name, "its name"),
               (names, "all of its names, links included"), (image, "what it was made from"),
               (image_id, "the id of that image"), (command, "what it runs"),
               (created, "when it was made, in seconds since 1970"),
               (status, "\"created\", \"running\", \"paused\", \"restarting\", \"exited\" or \"dead\""),
               (description, "the engine's words for it: \"Up 3 minutes (healthy)\""), (labels, "its labels"),
               (addresses, "its IP address in each network, by the network's name"), (ports, "its ports"))

struct ContainerStatus {
  std::string status{};
  bool running = false;
  std::optional<std::int64_t> exit_code{};
  std::optional<std::string> health{};
  std::optional<std::string> health_output{};
  std::optional<std::int64_t> pid{};
  std::string started_at{};
  std::string finished_at{};
  std::int64_t restart_count = 0;
  bool oom_killed = false;
  std::optional<std::string> error{};
};
OPSHOST_RECORD(ContainerStatus, "What state a container is in",
               (status, "\"created\", \"running\", \"paused\", \"restarting\", \"exited\" or \"dead\""),
               (running, "true also while it is paused"), (exit_code, "of its latest end; nil while it runs"),
               (health, "\"starting\", \"healthy\" or \"unhealthy\"; nil where its image has no probe"),
               (health_output, "what the probe wrote last"), (pid, "of its first process, as the host counts"),
               (started_at, "when it was last started, as the engine writes it; empty: never"),
               (finished_at, "when it last ended; empty: never"),
               (restart_count, "how often its policy started it again"),
               (oom_killed, "it ended because memory ran out"), (error, "why its latest start failed"))

struct StopOptions {
  Duration grace = std::chrono::seconds(10);
  std::optional<Duration> timeout{};
};
OPSHOST_RECORD(StopOptions, "How to stop a container",
               (grace,
                "time to exit after its stop signal (SIGTERM unless its image says otherwise) before SIGKILL; "
                "whole seconds"),
               (timeout, "how long we wait for the engine; 60s beside the grace unless given"))

struct KillOptions {
  std::string signal = "SIGKILL";
};
OPSHOST_RECORD(KillOptions, "What to send", (signal, "\"SIGHUP\", \"SIGUSR1\", ..."))

struct DeleteOptions {
  bool force = false;
  bool volumes = false;
};
OPSHOST_RECORD(DeleteOptions, "How to delete a container", (force, "also one that runs; it is killed"),
               (volumes, "with the volumes that have no name and are its own"))

struct UpdateOptions {
  std::optional<std::string> restart{};
  std::optional<Size> memory{};
  std::optional<Size> memory_swap{};
  std::optional<double> cpus{};
  std::optional<std::int64_t> cpu_shares{};
  std::optional<std::string> cpuset{};
  std::optional<std::int64_t> pids{};
};
OPSHOST_RECORD(UpdateOptions, "What to set of a container; what is not given stays as it is",
               (restart, "\"no\", \"always\", \"unless-stopped\", \"on-failure\" or \"on-failure:5\""),
               (memory, "most it may take"), (memory_swap, "most of memory and swap together"),
               (cpus, "how many processors' worth of time: 1.5"),
               (cpu_shares, "its weight beside others, 1024 is usual"), (cpuset, "which processors: \"0-3,7\""),
               (pids, "most processes and threads"))

struct WaitOptions {
  Duration timeout = std::chrono::seconds(60);
  Duration every = std::chrono::seconds(1);
};
OPSHOST_RECORD(WaitOptions, "How long to wait", (timeout, "then wait.timeout is raised"),
               (every, "pause between looks"))

struct WaitSeen {
  ContainerStatus seen{};
};
OPSHOST_RECORD(WaitSeen, "What a wait ended with", (seen, "what was seen last"))

struct CreateOptions {
  std::string image{};
  std::optional<std::string> name{};
  std::optional<std::vector<std::string>> command{};
  std::optional<std::vector<std::string>> entrypoint{};
  std::map<std::string, std::string> env{};
  std::map<std::string, std::string> labels{};
  std::optional<std::string> cwd{};
  std::optional<std::string> as_user{};
  std::optional<std::string> hostname{};
  std::vector<std::string> volumes{};
  std::optional<std::string> network{};
  std::optional<std::string> ip{};
  std::map<std::string, std::string> ports{};
  std::string restart = "no";
  std::optional<Size> memory{};
  std::optional<double> cpus{};
  bool tty = false;
  bool init = false;
  Any config{};
  Any host_config{};
};
OPSHOST_RECORD(CreateOptions, "What a container shall be", (image, "what to make it from", required),
               (name, "its name; the engine makes one up unless given"),
               (command, "what it runs, in place of the image's"),
               (entrypoint, "what the command is given to, in place of the image's"), (env, "environment variables"),
               (labels, "labels"), (cwd, "directory it starts in"),
               (as_user, "user it runs as: \"admin\", \"1000:1000\""),
               (hostname, "what it calls itself; its short id unless given"),
               (volumes, "mounts: \"/data/db:/var/lib/db\", \"logs:/var/log:ro\""),
               (network, "name of the network, \"host\" or \"none\""), (ip, "fixed address in that network"),
               (ports, "published ports: [\"8080/tcp\"] = \"127.0.0.1:80\""),
               (restart, "\"no\", \"always\", \"unless-stopped\", \"on-failure\" or \"on-failure:5\""),
               (memory, "most it may take"), (cpus, "how many processors' worth of time: 1.5"),
               (tty, "give it a terminal"), (init, "let the engine's own init reap its processes"),
               (config, "further fields of the engine's container configuration, in its spelling"),
               (host_config, "further fields of its HostConfig, in its spelling"))

}  // namespace opshost::docker
