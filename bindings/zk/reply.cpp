#include "bindings/zk/reply.hpp"

#include <array>
#include <cstdio>
#include <utility>

#include "bindings/zk/permissions.hpp"

namespace opshost::zk {

namespace {

thread_local std::size_t count_under_way = 0;

std::vector<std::string> list_of(const String_vector& strings) {
  std::vector<std::string> list;
  list.reserve(static_cast<std::size_t>(strings.count));
  for (int i = 0; i < strings.count; ++i) list.emplace_back(strings.data[i]);
  return list;
}
}  // namespace

std::string id_text(std::int64_t number) {
  std::array<char, 24> text{};
  const int length = std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(number));
  return {text.data(), static_cast<std::size_t>(length)};
}

NodeStat stat_from(const Stat& stat) {
  constexpr double kMilliseconds = 1e-3;
  NodeStat known;
  known.version = stat.version;
  known.children_version = stat.cversion;
  known.acl_version = stat.aversion;
  known.data_length = stat.dataLength;
  known.children_count = stat.numChildren;
  known.ephemeral = stat.ephemeralOwner != 0;
  if (known.ephemeral) known.owner_session = id_text(stat.ephemeralOwner);
  known.ctime = static_cast<double>(stat.ctime) * kMilliseconds;
  known.mtime = static_cast<double>(stat.mtime) * kMilliseconds;
  known.czxid = id_text(stat.czxid);
  known.mzxid = id_text(stat.mzxid);
  known.pzxid = id_text(stat.pzxid);
  return known;
}

// The library passes it back as const.
Reply& Reply::of(const void* data) { return *static_cast<Reply*>(const_cast<void*>(data)); }

void Reply::handed_over(const std::shared_ptr<Reply>& reply) {
  reply->self_ = reply;
  ++count_under_way;
}

std::size_t Reply::under_way() { return count_under_way; }

void Reply::refused(int code_of_library) {
  sent_ = false;
  finish(code_of_library);
}

void Reply::finish(int code_of_library) {
  code = code_of_library;
  done_ = true;
  --count_under_way;
  if (const auto react = std::exchange(react_, nullptr)) react(code);
  answered_.cancel();
  self_.reset();  // may destroy this
}

Awaitable<void> Reply::wait(Call& call, std::shared_ptr<Reply> reply) {
  if (reply->done_) co_return;
  const auto reaction = call.stop().on_stop([&reply] { reply->answered_.cancel(); });
  while (!reply->done_ && !call.stop().stopped()) {
    boost::system::error_code ignored;
    co_await reply->answered_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void Reply::on_data(int code, const char* value, int length, const Stat* stat, const void* data) {
  auto& reply = of(data);
  if (code == ZOK) {
    if (value != nullptr && length > 0) reply.text.assign(value, static_cast<std::size_t>(length));
    reply.stat = *stat;
  }
  reply.finish(code);
}

void Reply::on_stat(int code, const Stat* stat, const void* data) {
  auto& reply = of(data);
  if (code == ZOK) reply.stat = *stat;
  reply.finish(code);
}

void Reply::on_string(int code, const char* value, const void* data) {
  auto& reply = of(data);
  if (code == ZOK && value != nullptr) reply.text = value;
  reply.finish(code);
}

void Reply::on_strings(int code, const String_vector* strings, const void* data) {
  auto& reply = of(data);
  if (code == ZOK) reply.names = list_of(*strings);
  reply.finish(code);
}

void Reply::on_children(int code, const String_vector* strings, const Stat* stat, const void* data) {
  auto& reply = of(data);
  if (code == ZOK) {
    reply.names = list_of(*strings);
    reply.stat = *stat;
  }
  reply.finish(code);
}

void Reply::on_acl(int code, ACL_vector* acl, Stat* stat, const void* data) {
  auto& reply = of(data);
  if (code == ZOK) {
    for (int i = 0; i < acl->count; ++i) {
      const ACL& entry = acl->data[i];
      reply.acl.push_back({entry.id.scheme, entry.id.id, permission_letters(entry.perms)});
    }
    reply.stat = *stat;
  }
  reply.finish(code);
}

void Reply::on_void(int code, const void* data) { of(data).finish(code); }

}  // namespace opshost::zk
