#include "bindings/ssh/sftp_client.hpp"

#include <array>
#include <utility>

#include "bindings/ssh/errors.hpp"
#include "bindings/ssh/shorter_call.hpp"

namespace opshost::ssh {

namespace {

using namespace sftp;

constexpr std::uint32_t kVersion = 3;
constexpr std::uint32_t kMostPacket = 512U * 1024U;
/// To answer a request whose call was stopped, before the next one is asked elsewhere.
constexpr Duration kCatchUpTime = std::chrono::seconds(2);

constexpr std::uint32_t kHasSize = 1;
constexpr std::uint32_t kHasOwner = 2;
constexpr std::uint32_t kHasMode = 4;
constexpr std::uint32_t kHasTimes = 8;
constexpr std::uint32_t kHasExtended = 0x80000000U;

}  // namespace

void sftp::Attributes::write(WireWriter& writer) const {
  writer.uint32((size ? kHasSize : 0) | (uid && gid ? kHasOwner : 0) | (mode ? kHasMode : 0));
  if (size) writer.uint64(*size);
  if (uid && gid) writer.uint32(*uid).uint32(*gid);
  if (mode) writer.uint32(*mode);
}

sftp::Attributes sftp::Attributes::read(WireReader& reader) {
  Attributes attributes;
  const std::uint32_t flags = reader.uint32();
  if ((flags & kHasSize) != 0) attributes.size = reader.uint64();
  if ((flags & kHasOwner) != 0) {
    attributes.uid = reader.uint32();
    attributes.gid = reader.uint32();
  }
  if ((flags & kHasMode) != 0) attributes.mode = reader.uint32();
  if ((flags & kHasTimes) != 0) {
    reader.uint32();
    attributes.modified = reader.uint32();
  }
  if ((flags & kHasExtended) != 0) {
    for (std::uint32_t left = reader.uint32(); left > 0 && reader.good(); --left) {
      reader.string();
      reader.string();
    }
  }
  return attributes;
}

sftp::Status sftp::Reply::status() const { return static_cast<Status>(WireReader(body).uint32()); }

std::string sftp::Reply::message() const {
  WireReader reader(body);
  reader.uint32();
  return std::string(reader.string());
}

Awaitable<std::shared_ptr<SftpClient>> SftpClient::of(Call& call, Connection& connection) {
  if (const auto known = connection.sftp; known && !known->is_lost()) {
    // The server answers one after the other. One that hangs, at a FIFO or a dead disk, is left to itself.
    const bool alive = co_await known->is_alive(call);
    if (alive && co_await known->has_caught_up(call)) co_return known;
    if (connection.sftp == known) connection.sftp.reset();
  }
  Channel channel = co_await connection.open_channel(call);
  long answer = 0;
  std::optional<Error> lost;
  try {
    answer = co_await request_startup(channel, "subsystem", "sftp", call.stop());
  } catch (const Error& error) {
    if (error.code() != "ssh.lost") throw;
    lost = lost_error(connection.name(), Stage::channel, error.message()).retryable();
  }
  if (lost) throw Error(*lost);
  if (answer != 0) {
    throw Error("ssh.channel", connection.name() + ": channel: the host offers no file transfer (Subsystem sftp)")
        .on(connection.name());
  }
  auto client = std::make_shared<SftpClient>(std::move(channel), connection.name());
  co_await client->start(call);
  // Another fiber may have been faster; then there are two for a while.
  connection.sftp = client;
  // Who waits for a channel has this one to wait for now, which is closed when they ask for it.
  client->channel_.session().channel_closed().wake_all();
  co_return client;
}

Awaitable<bool> SftpClient::is_alive(Call& call) {
  const auto self = shared_from_this();
  Session& session = channel_.session();
  session.doubt_silence();
  while (session.is_doubted() && !is_lost() && !call.stop().stopped()) {
    const std::uint64_t seen = session.input();
    read_packets();
    if (session.is_doubted()) co_await session.wait_for_input(seen, &call.stop());
  }
  co_return !is_lost();
}

Awaitable<bool> SftpClient::has_caught_up(Call& call) {
  if (given_up_.empty()) co_return true;
  const auto self = shared_from_this();
  const ShorterCall part(call, gave_up_ + kCatchUpTime - Clock::now());
  while (!given_up_.empty() && !is_lost() && !part.call().stop().stopped()) {
    const std::uint64_t seen = channel_.session().input();
    flush();
    read_packets();
    if (!given_up_.empty()) co_await channel_.session().wait_for_input(seen, &part.call().stop());
  }
  co_return given_up_.empty() && !is_lost();
}

Awaitable<void> SftpClient::start(Call& call) {
  output_ = WireWriter().uint32(5).byte(static_cast<std::uint8_t>(Request::init)).uint32(kVersion).take();
  const auto self = shared_from_this();
  while (!versioned_) {
    const std::uint64_t seen = channel_.session().input();
    pump(false);
    if (versioned_) co_return;
    if (call.stop().stopped()) Session::throw_stopped();
    co_await channel_.session().wait_for_input(seen, &call.stop());
  }
}

SftpClient::Ticket SftpClient::send(Request request, std::string_view body, bool changes) {
  const std::uint32_t id = next_id_++;
  const auto size = static_cast<std::uint32_t>(body.size() + 5);
  output_ += WireWriter().uint32(size).byte(static_cast<std::uint8_t>(request)).uint32(id).take();
  output_.append(body);
  flush();
  return {shared_from_this(), id, changes};
}

Awaitable<Reply> SftpClient::ask(Call& call, Request request, std::string body) {
  Ticket ticket = send(request, body);
  Reply reply = co_await ticket.answer(call);
  co_return reply;
}

Awaitable<Reply> SftpClient::change(Call& call, Request request, std::string body) {
  Ticket ticket = send(request, body, true);
  Reply reply = co_await ticket.answer(call);
  co_return reply;
}

Awaitable<Reply> SftpClient::Ticket::answer(Call& call) {
  const auto client = client_;
  Session& session = client->channel_.session();
  for (;;) {
    const std::uint64_t seen = session.input();
    client->pump(changes_);
    if (const auto found = client->answers_.find(id_); found != client->answers_.end()) {
      Reply reply = std::move(found->second);
      client->answers_.erase(found);
      client_.reset();
      co_return reply;
    }
    if (call.stop().stopped()) {
      if (client->given_up_.empty()) client->gave_up_ = Clock::now();
      client->given_up_.insert(id_);
      if (call.seen().empty()) call.saw(client->name_ + ": channel: the host had not answered");
      throw Error("cancelled", client->name_ + ": channel: stopped while the host had not answered")
          .on(client->name_)
          .maybe_applied(changes_);
    }
    co_await session.wait_for_input(seen, &call.stop());
  }
}

void SftpClient::pump(bool changes) {
  const Session& session = channel_.session();
  if (!session.is_lost()) {
    flush();
    read_packets();
  }
  if (session.is_lost()) throw lost(session.why_lost(), changes);
  if (ended_) throw lost("the server ended its file transfer", changes);
}

Error SftpClient::lost(const std::string& why, bool changes) const {
  Error error = lost_error(name_, Stage::channel, why);
  if (!changes) return std::move(error).retryable();
  return Error(error.code(), error.message() + "; what was asked for had been sent: it may have happened")
      .on(name_)
      .maybe_applied();
}

void SftpClient::flush() {
  Session& session = channel_.session();
  while (!output_.empty() && session.may_write() && !session.is_lost()) {
    const long answer = session.note(libssh2_channel_write(channel_.raw(), output_.data(), output_.size()));
    if (answer == LIBSSH2_ERROR_EAGAIN || answer == 0) return;
    if (answer < 0) {
      ended_ = true;
      return;
    }
    output_.erase(0, static_cast<std::size_t>(answer));
  }
}

void SftpClient::read_packets() {
  static thread_local std::array<char, 64U * 1024U> buffer;
  Session& session = channel_.session();
  for (;;) {
    const long answer = session.note(libssh2_channel_read(channel_.raw(), buffer.data(), buffer.size()));
    if (answer <= 0) {
      ended_ = ended_ || (answer != LIBSSH2_ERROR_EAGAIN && answer < 0) || libssh2_channel_eof(channel_.raw()) != 0;
      break;
    }
    input_.append(buffer.data(), static_cast<std::size_t>(answer));
  }
  std::string_view rest(input_);
  while (rest.size() >= 4) {
    const std::uint32_t size = WireReader(rest).uint32();
    if (size > kMostPacket) {
      ended_ = true;
      break;
    }
    if (rest.size() - 4 < size) break;
    take_packet(rest.substr(4, size));
    rest.remove_prefix(4 + std::size_t{size});
  }
  input_.erase(0, input_.size() - rest.size());
}

void SftpClient::take_packet(std::string_view packet) {
  WireReader reader(packet);
  const auto answer = static_cast<Answer>(reader.byte());
  const std::uint32_t id = reader.uint32();
  if (answer == Answer::version) {
    versioned_ = true;
    while (!reader.rest().empty() && reader.good()) {
      extensions_.insert(std::string(reader.string()));
      reader.string();
    }
    return;
  }
  given_up_.erase(id);
  if (forgotten_.erase(id) != 0) {
    // Nobody knows of this handle any more: the server shall not keep it.
    if (answer == Answer::handle) {
      const Ticket closing = send(Request::close, reader.rest());
    }
    return;
  }
  answers_[id] = {answer, std::string(reader.rest())};
}

void SftpClient::forget(std::uint32_t id) {
  if (answers_.erase(id) == 0) forgotten_.insert(id);
}

}  // namespace opshost::ssh
