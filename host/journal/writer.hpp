#pragma once
// The one thread that writes a journal's file. What the loop hands over in one of its turns is made durable together,
// by one fdatasync (group commit).
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "host/base/descriptor.hpp"
#include "host/base/error.hpp"
#include "host/fiber/asio.hpp"
#include "host/journal/records.hpp"

namespace opshost::journal {

/// Room a line needs beside itself.
enum class Room : std::uint8_t {
  none,      ///< refused where the disk is full
  outcome,   ///< an intent: room for its outcome is reserved with it, or it is refused
  reserved,  ///< an outcome or an end: takes what was reserved
};

class Writer {
 public:
  /// Runs on the loop: nullopt when the line is durable.
  using Done = std::function<void(const std::optional<Error>& failure)>;

  /// A value kept beside the journal.
  struct ValueFile {
    std::string name;  ///< in the run's folder
    std::string text;
  };

  struct Line {
    std::optional<Record> record{};  ///< gets its number here: one that is refused leaves no gap
    Room room = Room::none;
    Done done{};                     ///< empty: written with the next durable line
    std::vector<ValueFile> files{};  ///< synced before the line
  };

  /// Appends to `file` from `end` on, where `last_number` records stand. `folder` is where the files of values go.
  Writer(asio::io_context& io, Descriptor file, std::uint64_t end, std::uint64_t last_number, std::string folder);
  /// Writes what is still queued and waits for it.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// On the loop's thread. The line's fate is told on the loop; after one failed write or sync every line fails.
  void append(Line line);
  /// On the loop's thread, outside of any fiber: writes everything queued and waits until it is durable.
  std::optional<Error> flush();

  /// fdatasync calls so far.
  [[nodiscard]] std::uint64_t syncs() const { return syncs_.load(); }

 private:
  void hand_over();
  void work();
  void write_batch(std::vector<Line>& lines);
  std::optional<Error> write_line(Line& line);
  std::optional<Error> write_value(const ValueFile& value);
  void sync();
  bool has_room(const Line& line, std::size_t size);
  bool reserve(std::uint64_t until);
  void report(std::vector<Line>& lines, std::vector<std::optional<Error>> results);
  Error broken(const std::string& what, int number);

  asio::io_context& io_;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
  std::vector<Line> queued_;  ///< of the loop's current turn
  bool hand_over_posted_ = false;

  // The writer's thread alone.
  Descriptor file_;
  std::uint64_t end_;
  std::uint64_t last_number_;
  std::uint64_t reserved_until_;
  std::uint64_t outcomes_awaited_ = 0;
  bool can_reserve_ = true;
  bool is_named_ = false;  ///< the journal's own name, and its folder's, are durable
  std::string folder_;
  std::optional<Error> broken_;

  std::atomic<std::uint64_t> syncs_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Line> inbox_;
  bool busy_ = false;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace opshost::journal
