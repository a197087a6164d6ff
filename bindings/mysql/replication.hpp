#pragma once
// What SHOW SLAVE STATUS, SHOW REPLICA STATUS and SHOW ALL SLAVES STATUS answer, as one record whatever the server.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/base/value.hpp"
#include "host/lua/record.hpp"

namespace opshost::mysql {

enum class ThreadState : std::uint8_t { running, stopped, connecting };
OPSHOST_ENUM(ThreadState, "What a thread of a replica does", (running, "running"), (stopped, "stopped"),
             (connecting, "connecting"))

struct ReplicationFailure {
  std::int64_t errno_value = 0;
  std::string message{};
  std::optional<std::string> at{};
  std::optional<std::string> table{};
  std::optional<std::string> key{};
  std::optional<std::string> entry{};
  std::optional<std::string> statement{};
  bool in_worker = false;
};
OPSHOST_RECORD(ReplicationFailure, "Why a thread of a replica stopped, or cannot connect",
               (errno_value, "1062 duplicate entry, 1032 row not found, 1236 binary log missing, ...", named("errno")),
               (message, "the server's own words"), (at, "when, as the server writes it"),
               (table, "the table it was about: \"app.orders\"; nil where the message names none"),
               (key, "the key of a duplicate entry: \"PRIMARY\""), (entry, "the value of a duplicate entry"),
               (statement, "the statement, where the primary logs statements"),
               (in_worker,
                "a parallel worker failed, and this is the coordinator's word on it: the workers' own are in "
                "performance_schema.replication_applier_status_by_worker"))

struct LogPosition {
  std::string file{};
  std::uint64_t position = 0;
};
OPSHOST_RECORD(LogPosition, "A place in a binary log", (file, "name of the log"), (position, "byte in it"))

struct ReplicaStatus {
  std::string channel{};
  std::string primary_host{};
  std::uint64_t primary_port = 0;
  std::string primary_user{};
  std::optional<std::string> primary_server_id{};
  std::optional<std::string> primary_uuid{};
  ThreadState io = ThreadState::stopped;
  ThreadState applier = ThreadState::stopped;
  std::optional<std::string> io_state{};
  std::optional<std::string> applier_state{};
  std::optional<std::uint64_t> lag{};
  std::uint64_t delay = 0;
  LogPosition received{};
  LogPosition applied{};
  std::optional<std::string> relay_log{};
  bool uses_gtid = false;
  std::optional<std::string> received_gtid{};
  std::optional<std::string> applied_gtid{};
  std::optional<ReplicationFailure> io_error{};
  std::optional<ReplicationFailure> applier_error{};
  std::uint64_t skip_counter = 0;
  std::vector<std::string> filters{};
  bool encrypted = false;
};
OPSHOST_RECORD(
    ReplicaStatus, "How a server replicates",
    (channel, "name of the channel, or of MariaDB's connection; mostly empty"),
    (primary_host, "where it replicates from"), (primary_port, "its port"), (primary_user, "the account it uses there"),
    (primary_server_id, "the primary's server_id, once it was connected"),
    (primary_uuid, "the primary's server_uuid; MySQL only"), (io, "the thread that fetches changes"),
    (applier, "the thread that applies them"), (io_state, "what the fetching thread does, in the server's words"),
    (applier_state, "what the applying thread does, in the server's words"),
    (lag, "seconds it is behind; nil where the server cannot tell, as while a thread is stopped"),
    (delay, "seconds it stays behind on purpose"), (received, "up to where it has the primary's binary log"),
    (applied, "up to where it has applied it, as a place in the primary's binary log"), (relay_log, "its relay log"),
    (uses_gtid, "it finds its place by GTID"), (received_gtid, "GTIDs it has fetched, as the server writes them"),
    (applied_gtid, "GTIDs it has applied; MariaDB tells those it would ask for next"),
    (io_error, "the last error of the fetching thread"), (applier_error, "the last error of the applying thread"),
    (skip_counter, "events it is still told to skip"),
    (filters, "what it leaves out or rewrites: \"Replicate_Do_DB = app\""),
    (encrypted, "its connection to the primary is to use TLS"))

using StatusRow = std::map<std::string, Value>;

/// One record a row. Fields that a version does not have stay empty.
std::vector<ReplicaStatus> normalize_replica_status(std::vector<StatusRow> rows);

/// Number and message of a thread's last error; the table, key and entry where the message names them.
ReplicationFailure parse_replication_failure(std::int64_t number, const std::string& message);

}  // namespace opshost::mysql
