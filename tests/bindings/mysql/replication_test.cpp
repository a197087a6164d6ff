// Answers of servers we do not run in tests, as their manuals and bug reports show them; MariaDB is also tested live
// (tests/lua/mysql).
#include "bindings/mysql/replication.hpp"

#include <doctest/doctest.h>

namespace opshost::mysql {

namespace {

StatusRow mysql57() {
  return {{"Slave_IO_State", "Waiting for master to send event"},
          {"Master_Host", "db1"},
          {"Master_User", "repl"},
          {"Master_Port", 3306},
          {"Master_Log_File", "mysql-bin.000012"},
          {"Read_Master_Log_Pos", std::int64_t{4711}},
          {"Relay_Log_File", "relay.000003"},
          {"Relay_Master_Log_File", "mysql-bin.000011"},
          {"Slave_IO_Running", "Yes"},
          {"Slave_SQL_Running", "No"},
          {"Replicate_Do_DB", "app"},
          {"Replicate_Ignore_DB", ""},
          {"Last_SQL_Errno", 1062},
          {"Last_SQL_Error",
           "Could not execute Write_rows event on table app.orders; Duplicate entry 'it's' for key 'PRIMARY', "
           "Error_code: 1062; handler error HA_ERR_FOUND_DUPP_KEY; the event's master log mysql-bin.000011, "
           "end_log_pos 812"},
          {"Last_SQL_Error_Timestamp", "260101 10:00:00"},
          {"Exec_Master_Log_Pos", 620},
          {"Seconds_Behind_Master", Value()},
          {"Master_Server_Id", 1},
          {"Master_UUID", "3e11fa47-71ca-11e1-9e33-c80aa9429562"},
          {"SQL_Delay", 0},
          {"Slave_SQL_Running_State", ""},
          {"Retrieved_Gtid_Set", ""},
          {"Executed_Gtid_Set", ""},
          {"Auto_Position", 0},
          {"Master_SSL_Allowed", "No"},
          {"Channel_Name", ""}};
}

ReplicaStatus one(StatusRow row) { return normalize_replica_status({std::move(row)}).at(0); }

}  // namespace

TEST_CASE("MySQL 5.7, stopped at a duplicate key") {
  const auto status = one(mysql57());
  CHECK(status.primary_host == "db1");
  CHECK(status.primary_port == 3306);
  CHECK(status.primary_server_id == "1");
  CHECK(status.io == ThreadState::running);
  CHECK(status.applier == ThreadState::stopped);
  CHECK_FALSE(status.lag.has_value());
  CHECK(status.received.file == "mysql-bin.000012");
  CHECK(status.received.position == 4711);
  CHECK(status.applied.file == "mysql-bin.000011");
  CHECK(status.applied.position == 620);
  CHECK_FALSE(status.uses_gtid);
  CHECK_FALSE(status.io_error.has_value());
  CHECK(status.filters == std::vector<std::string>{"Replicate_Do_DB = app"});
  REQUIRE(status.applier_error);
  CHECK(status.applier_error->errno_value == 1062);
  CHECK(status.applier_error->table == "app.orders");
  CHECK(status.applier_error->key == "PRIMARY");
  CHECK(status.applier_error->entry == "it's");
  CHECK(status.applier_error->at == "260101 10:00:00");
  CHECK_FALSE(status.applier_error->in_worker);
}

TEST_CASE("MySQL 5.6 has no channels and no GTID columns that are filled") {
  auto row = mysql57();
  row.erase("Channel_Name");
  row["Last_SQL_Errno"] = 0;
  row["Slave_SQL_Running"] = "Yes";
  row["Seconds_Behind_Master"] = 12;
  const auto status = one(row);
  CHECK(status.channel.empty());
  CHECK(status.lag == 12);
  CHECK(status.applier == ThreadState::running);
  CHECK_FALSE(status.applier_error.has_value());
}

TEST_CASE("MySQL 8.0.22 to 9 say source and replica; parallel workers report through the coordinator") {
  const auto status = one({{"Replica_IO_State", "Connecting to source"},
                           {"Source_Host", "db1"},
                           {"Source_User", "repl"},
                           {"Source_Port", 3306},
                           {"Source_Log_File", "binlog.000002"},
                           {"Read_Source_Log_Pos", 157},
                           {"Relay_Source_Log_File", "binlog.000002"},
                           {"Exec_Source_Log_Pos", 157},
                           {"Replica_IO_Running", "Connecting"},
                           {"Replica_SQL_Running", "No"},
                           {"Last_IO_Errno", 2003},
                           {"Last_IO_Error",
                            "Error connecting to source 'repl@db1:3306'. This was attempt 3/86400, "
                            "with a delay of 60 seconds between attempts. Message: Can't connect to "
                            "MySQL server on 'db1:3306' (111)"},
                           {"Last_SQL_Errno", 1032},
                           {"Last_SQL_Error",
                            "Coordinator stopped because there were error(s) in the worker(s). The most recent failure "
                            "being: Worker 1 failed executing transaction '3e11fa47-71ca-11e1-9e33-c80aa9429562:5' at "
                            "source log binlog.000002, end_log_pos 480. See error log and/or "
                            "performance_schema.replication_applier_status_by_worker table for more details about this "
                            "failure or others, if any."},
                           {"Seconds_Behind_Source", Value()},
                           {"Source_SSL_Allowed", "Yes"},
                           {"Retrieved_Gtid_Set", "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5"},
                           {"Executed_Gtid_Set", "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-4"},
                           {"Auto_Position", 1},
                           {"Channel_Name", "east"}});
  CHECK(status.channel == "east");
  CHECK(status.io == ThreadState::connecting);
  CHECK(status.encrypted);
  CHECK(status.uses_gtid);
  CHECK(status.received_gtid == "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5");
  CHECK(status.applied_gtid == "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-4");
  REQUIRE(status.io_error);
  CHECK(status.io_error->errno_value == 2003);
  REQUIRE(status.applier_error);
  CHECK(status.applier_error->errno_value == 1032);
  CHECK(status.applier_error->in_worker);
  CHECK_FALSE(status.applier_error->table.has_value());
}

TEST_CASE("MariaDB finds its place by GTID") {
  const auto status = one({{"Connection_name", "west"},
                           {"Master_Host", "127.0.0.1"},
                           {"Master_Port", 13301},
                           {"Slave_IO_Running", "Yes"},
                           {"Slave_SQL_Running", "Yes"},
                           {"Using_Gtid", "Slave_Pos"},
                           {"Gtid_IO_Pos", "0-1-17"},
                           {"Gtid_Slave_Pos", "0-1-16"},
                           {"Seconds_Behind_Master", 0},
                           {"Last_SQL_Errno", 0}});
  CHECK(status.channel == "west");
  CHECK(status.uses_gtid);
  CHECK(status.received_gtid == "0-1-17");
  CHECK(status.applied_gtid == "0-1-16");
  CHECK(status.lag == 0);
}

TEST_CASE("errors name the table, the key and the statement where they can") {
  const auto missing = parse_replication_failure(
      1032,
      "Could not execute Update_rows_v1 event on table app.t; Can't find record in 't', Error_code: 1032; handler "
      "error HA_ERR_KEY_NOT_FOUND; the event's master log bin.000002, end_log_pos 715");
  CHECK(missing.table == "app.t");
  CHECK_FALSE(missing.key.has_value());

  const auto statement = parse_replication_failure(
      1062,
      "Error 'Duplicate entry '5' for key 't.uk'' on query. Default database: 'app'. Query: 'INSERT INTO t "
      "VALUES ('a')'");
  CHECK(statement.key == "uk");
  CHECK(statement.entry == "5");
  CHECK(statement.statement == "INSERT INTO t VALUES ('a')");

  const auto binlog = parse_replication_failure(
      1236,
      "Got fatal error 1236 from master when reading data from binary log: 'Could not find first log file name in "
      "binary log index file'");
  CHECK(binlog.errno_value == 1236);
  CHECK_FALSE(binlog.table.has_value());
}

}  // namespace opshost::mysql
