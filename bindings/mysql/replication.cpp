#include "bindings/mysql/replication.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>

namespace opshost::mysql {

namespace {

std::string text_of(const Value& value) {
  if (const auto* text = value.get_if<std::string>()) return *text;
  if (const auto* integer = value.get_if<std::int64_t>()) return std::to_string(*integer);
  if (const auto* natural = value.get_if<std::uint64_t>()) return std::to_string(*natural);
  return {};
}

/// A row whose columns answer to the names of any version.
class Answer {
 public:
  explicit Answer(const StatusRow& row) : row_(row) {}

  /// The first of the names that is there and not NULL.
  [[nodiscard]] std::optional<std::string> find(std::initializer_list<const char*> names) const {
    for (const char* name : names) {
      const auto found = row_.find(name);
      if (found != row_.end() && !found->second.is_null()) return text_of(found->second);
    }
    return std::nullopt;
  }
  [[nodiscard]] std::optional<std::string> find_filled(std::initializer_list<const char*> names) const {
    auto text = find(names);
    return text && !text->empty() ? text : std::nullopt;
  }
  [[nodiscard]] std::string text(std::initializer_list<const char*> names) const { return find(names).value_or(""); }
  [[nodiscard]] std::optional<std::uint64_t> find_number(std::initializer_list<const char*> names) const {
    const auto text = find_filled(names);
    std::uint64_t number = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc())
      return std::nullopt;
    return number;
  }
  [[nodiscard]] std::uint64_t number(std::initializer_list<const char*> names) const {
    return find_number(names).value_or(0);
  }

 private:
  const StatusRow& row_;
};

ThreadState state_from(const std::string& text) {
  if (text == "Yes") return ThreadState::running;
  return text == "Connecting" || text == "Preparing" ? ThreadState::connecting : ThreadState::stopped;
}

/// What stands between two marks.
std::optional<std::string> between(std::string_view text, std::string_view before, std::string_view after) {
  const auto begin = text.find(before);
  if (begin == std::string_view::npos) return std::nullopt;
  const auto rest = text.substr(begin + before.size());
  const auto end = rest.find(after);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(rest.substr(0, end));
}

/// The entry may have quotes in it; the key, which follows it, has none.
void parse_duplicate(std::string_view message, ReplicationFailure& failure) {
  constexpr std::string_view kBefore = "Duplicate entry '";
  constexpr std::string_view kBetween = "' for key '";
  const auto begin = message.find(kBefore);
  const auto middle = message.rfind(kBetween);
  if (begin == std::string_view::npos || middle == std::string_view::npos || middle < begin) return;
  failure.entry = std::string(message.substr(begin + kBefore.size(), middle - begin - kBefore.size()));
  const auto key = message.substr(middle + kBetween.size());
  failure.key = std::string(key.substr(0, key.find('\'')));
  // MySQL 8 writes the table before it: orders.PRIMARY.
  if (const auto dot = failure.key->find('.'); dot != std::string::npos) failure.key->erase(0, dot + 1);
}

std::optional<ReplicationFailure> failure_of(const Answer& answer, const char* number, const char* message,
                                             const char* at) {
  const auto errno_value = answer.number({number});
  if (errno_value == 0) return std::nullopt;
  auto failure = parse_replication_failure(static_cast<std::int64_t>(errno_value), answer.text({message}));
  failure.at = answer.find_filled({at});
  return failure;
}

std::vector<std::string> filters_of(const StatusRow& row) {
  std::vector<std::string> filters;
  for (const auto& [name, value] : row) {
    const bool is_filter = name.starts_with("Replicate_") && name != "Replicate_Ignore_Server_Ids";
    const std::string text = text_of(value);
    if (is_filter && !text.empty()) filters.push_back(name + " = " + text);
  }
  return filters;
}

// MariaDB says in Using_Gtid how it finds its place; MySQL in Auto_Position whether it does.
void read_gtids(const Answer& answer, ReplicaStatus& status) {
  const std::string mode = answer.text({"Using_Gtid"});
  status.uses_gtid = answer.number({"Auto_Position"}) == 1 || (!mode.empty() && mode != "No");
  status.received_gtid = answer.find_filled({"Retrieved_Gtid_Set", "Gtid_IO_Pos"});
  status.applied_gtid = answer.find_filled({"Executed_Gtid_Set", "Gtid_Slave_Pos"});
}

ReplicaStatus normalize(const StatusRow& row) {
  const Answer answer(row);
  ReplicaStatus status;
  status.channel = answer.text({"Channel_Name", "Connection_name"});
  status.primary_host = answer.text({"Source_Host", "Master_Host"});
  status.primary_port = answer.number({"Source_Port", "Master_Port"});
  status.primary_user = answer.text({"Source_User", "Master_User"});
  const auto server_id = answer.find_filled({"Source_Server_Id", "Master_Server_Id"});
  if (server_id && *server_id != "0") status.primary_server_id = server_id;
  status.primary_uuid = answer.find_filled({"Source_UUID", "Master_UUID"});
  status.io = state_from(answer.text({"Replica_IO_Running", "Slave_IO_Running"}));
  status.applier = state_from(answer.text({"Replica_SQL_Running", "Slave_SQL_Running"}));
  status.io_state = answer.find_filled({"Replica_IO_State", "Slave_IO_State"});
  status.applier_state =
      answer.find_filled({"Replica_SQL_Running_State", "Slave_SQL_Running_State", "Slave_SQL_State"});
  status.lag = answer.find_number({"Seconds_Behind_Source", "Seconds_Behind_Master"});
  status.delay = answer.number({"SQL_Delay"});
  status.received = {answer.text({"Source_Log_File", "Master_Log_File"}),
                     answer.number({"Read_Source_Log_Pos", "Read_Master_Log_Pos"})};
  status.applied = {answer.text({"Relay_Source_Log_File", "Relay_Master_Log_File"}),
                    answer.number({"Exec_Source_Log_Pos", "Exec_Master_Log_Pos"})};
  status.relay_log = answer.find_filled({"Relay_Log_File"});
  read_gtids(answer, status);
  status.io_error = failure_of(answer, "Last_IO_Errno", "Last_IO_Error", "Last_IO_Error_Timestamp");
  status.applier_error = failure_of(answer, "Last_SQL_Errno", "Last_SQL_Error", "Last_SQL_Error_Timestamp");
  status.skip_counter = answer.number({"Skip_Counter"});
  status.filters = filters_of(row);
  const std::string tls = answer.text({"Source_SSL_Allowed", "Master_SSL_Allowed"});
  status.encrypted = tls == "Yes";
  return status;
}

}  // namespace

ReplicationFailure parse_replication_failure(std::int64_t number, const std::string& message) {
  ReplicationFailure failure{.errno_value = number, .message = message};
  // Row events name the table; statements their default database.
  failure.table = between(message, " event on table ", ";");
  if (!failure.table) failure.table = between(message, " event on table '", "'");
  failure.statement = between(message, " Query: '", "'");
  if (failure.statement) {
    // The statement has quotes of its own: it ends with the message.
    const auto begin = message.find(" Query: '") + std::string_view(" Query: '").size();
    const auto end = message.rfind('\'');
    failure.statement = message.substr(begin, end > begin ? end - begin : std::string::npos);
  }
  if (number == 1062) parse_duplicate(message, failure);
  failure.in_worker = message.find("Coordinator stopped because") != std::string::npos ||
                      message.find("replication_applier_status_by_worker") != std::string::npos;
  return failure;
}

std::vector<ReplicaStatus> normalize_replica_status(std::vector<StatusRow> rows) {
  std::vector<ReplicaStatus> statuses;
  std::ranges::transform(rows, std::back_inserter(statuses), normalize);
  return statuses;
}

}  // namespace opshost::mysql
