#pragma once
// What the operations on files are made of.
#include <memory>
#include <optional>
#include <string>

#include "bindings/ssh/files.hpp"
#include "bindings/ssh/sftp_client.hpp"

namespace opshost::ssh {

/// Of each read and write: every server takes as much.
inline constexpr std::size_t kPiece = 32U * 1024U;
/// Requests in flight: 2 MiB, what fills a fast line over a slow distance and a server's window.
inline constexpr std::size_t kMostInFlight = 64;

/// An open file or directory there; closed with its owner, without waiting.
class RemoteHandle {
 public:
  RemoteHandle() = default;
  RemoteHandle(std::shared_ptr<SftpClient> client, std::string handle)
      : client_(std::move(client)), handle_(std::move(handle)) {}
  RemoteHandle(RemoteHandle&& other) noexcept : client_(std::move(other.client_)), handle_(std::move(other.handle_)) {}
  RemoteHandle& operator=(RemoteHandle&& other) noexcept {
    std::swap(client_, other.client_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~RemoteHandle();

  [[nodiscard]] const std::string& text() const { return handle_; }
  /// The server has taken all that was written, or says why not.
  Awaitable<sftp::Reply> close(Call& call);

 private:
  std::shared_ptr<SftpClient> client_;
  std::string handle_;
};

/// "cannot open /etc/x: ..." with the code for the status.
Error file_error(const SftpClient& client, const std::string& doing, const std::string& path, const sftp::Reply& reply);
void throw_unless_ok(const SftpClient& client, const std::string& doing, const std::string& path,
                     const sftp::Reply& reply);
/// The same of a write, where "failure" may mean a full disk: asks. `place`: where the bytes went.
Awaitable<void> throw_unless_written(Call& call, std::shared_ptr<SftpClient> client, std::string path,
                                     std::string place, sftp::Reply reply);

Awaitable<RemoteHandle> open_file(Call& call, std::shared_ptr<SftpClient> client, std::string path, std::uint32_t flags,
                                  std::uint32_t mode);
/// nullopt: nothing is there.
Awaitable<std::optional<sftp::Attributes>> attributes_of(Call& call, std::shared_ptr<SftpClient> client,
                                                         std::string path, bool follow);
/// The same of what is to be read whole. Throws Error("ssh.wrong_type") for what is no file: opening it may keep the
/// server, and with it every other request, waiting for somebody who writes to it.
Awaitable<std::optional<sftp::Attributes>> attributes_of_file(Call& call, std::shared_ptr<SftpClient> client,
                                                              std::string path);
/// Where a path leads after all links.
Awaitable<std::string> real_path(Call& call, std::shared_ptr<SftpClient> client, std::string path);

/// What the names of the files begin with that stand beside `name` until they are complete.
std::string temporary_prefix(const std::string& name);

/// A file beside `path` that takes its place once it is complete.
class Replacement {
 public:
  /// `mode`: permissions; where not given, those of the file that is there, or 0644.
  static Awaitable<std::unique_ptr<Replacement>> begin(Call& call, std::shared_ptr<SftpClient> client, std::string path,
                                                       std::optional<std::uint32_t> mode);
  /// Deletes it unless it was put in place.
  ~Replacement();
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  [[nodiscard]] const std::string& handle() const { return handle_.text(); }
  /// Where it is until it is in place.
  [[nodiscard]] const std::string& temporary() const { return temporary_; }
  /// On disk. Also throws what closing it says of earlier writes.
  Awaitable<void> complete(Call& call);
  Awaitable<void> put_in_place(Call& call);

 private:
  Replacement() = default;

  std::shared_ptr<SftpClient> client_;
  std::string target_;
  std::string temporary_;
  RemoteHandle handle_;
};

/// Permissions from "0644". Throws Error("usage.argument").
std::uint32_t parse_mode(const std::string& text);
void check_path(const std::string& path);
FileType file_type(std::uint32_t mode);
/// "a directory", "no regular file (fifo)"
std::string words_for(FileType type);
std::string mode_text(std::uint32_t mode);

}  // namespace opshost::ssh
