#include "host/journal/writer.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "host/base/fault_point.hpp"
#include "host/base/sync_folder.hpp"
#include "host/base/write_all.hpp"

namespace opshost::journal {

namespace {

/// Asked for at once, so that most lines find their room there.
constexpr std::uint64_t kReserveStep = 256UL * 1024;
/// The ends of steps, clean-ups and the run take it once the disk is full.
constexpr std::uint64_t kReserveForEnds = 256UL * 1024;

bool wants_sync(const std::vector<Writer::Line>& lines) {
  for (const auto& line : lines) {
    if (line.done) return true;
  }
  return false;
}

}  // namespace

Writer::Writer(asio::io_context& io, Descriptor file, std::uint64_t end, std::uint64_t last_number, std::string folder)
    : io_(io),
      file_(std::move(file)),
      end_(end),
      last_number_(last_number),
      reserved_until_(end),
      folder_(std::move(folder)) {
  // Signals are the watchdog's.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { work(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Writer::~Writer() {
  (void)flush();
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Writer::append(Line line) {
  queued_.push_back(std::move(line));
  if (hand_over_posted_) return;
  // Behind the fibers that are ready now, which may have lines of their own: one sync serves them all.
  hand_over_posted_ = true;
  asio::post(io_, [this, alive = std::weak_ptr<const bool>(alive_)] {
    if (alive.lock()) hand_over();
  });
}

void Writer::hand_over() {
  hand_over_posted_ = false;
  if (queued_.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (auto& line : queued_) inbox_.push_back(std::move(line));
  }
  queued_.clear();
  changed_.notify_all();
}

std::optional<Error> Writer::flush() {
  std::optional<Error> failure;
  bool told = false;
  Line marker;
  marker.done = [&](const std::optional<Error>& result) { failure = result, told = true; };
  queued_.push_back(std::move(marker));
  hand_over();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return inbox_.empty() && !busy_; });
  lock.unlock();
  // Its report is on the loop, which may not run any more.
  if (!told) failure = broken_;
  return failure;
}

void Writer::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !inbox_.empty(); });
    if (inbox_.empty()) return;
    std::vector<Line> lines = std::exchange(inbox_, {});
    busy_ = true;
    lock.unlock();
    write_batch(lines);
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

void Writer::write_batch(std::vector<Line>& lines) {
  std::vector<std::optional<Error>> results;
  results.reserve(lines.size());
  for (auto& line : lines) results.push_back(write_line(line));
  if (!broken_ && wants_sync(lines)) sync();
  if (broken_) {
    for (auto& result : results) result = broken_;
  }
  report(lines, std::move(results));
}

void Writer::sync() {
  ++syncs_;
  if (::fdatasync(file_.get()) != 0) broken_ = broken("synced", errno);
  // The first durable record makes the journal one that a power cut leaves: its name in the run's folder, and that
  // one's.
  if (!broken_ && !is_named_) {
    is_named_ = true;
    int failure = sync_folder(folder_);
    if (failure == 0) failure = sync_folder(std::filesystem::path(folder_).parent_path().string());
    if (failure != 0) broken_ = broken("synced", failure);
  }
  fault_point("journal.synced");
}

void Writer::report(std::vector<Line>& lines, std::vector<std::optional<Error>> results) {
  auto told = std::make_shared<std::vector<std::pair<Done, std::optional<Error>>>>();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].done && lines[i].record) told->emplace_back(std::move(lines[i].done), std::move(results[i]));
  }
  if (told->empty()) return;
  asio::post(io_, [told] {
    for (auto& [done, result] : *told) done(result);
  });
}

std::optional<Error> Writer::write_line(Line& line) {
  if (!line.record || broken_) return broken_;  // without a record: flush's marker
  line.record->number = last_number_ + 1;
  const auto text = encode(*line.record);
  if (!has_room(line, text.size())) {
    return Error("journal.full", "the disk of the journal in " + folder_ +
                                     " is full, so nothing was sent; make room there, then resume the run");
  }
  for (const auto& value : line.files) {
    if (auto failure = write_value(value)) return failure;
  }
  fault_point("journal.before_write");
  if (const int number = write_file(file_.get(), text); number != 0) return broken_ = broken("written", number);
  fault_point("journal.written");
  ++last_number_;
  end_ += text.size();
  if (line.room == Room::outcome) ++outcomes_awaited_;
  if (line.room == Room::reserved && outcomes_awaited_ > 0) --outcomes_awaited_;
  return std::nullopt;
}

bool Writer::has_room(const Line& line, std::size_t size) {
  if (line.room == Room::reserved || !can_reserve_) return true;
  const auto outcomes = outcomes_awaited_ + (line.room == Room::outcome ? 1 : 0);
  const auto needed = end_ + size + outcomes * kLargestRecord + kReserveForEnds;
  return needed <= reserved_until_ || reserve(needed + kReserveStep) || reserve(needed);
}

bool Writer::reserve(std::uint64_t until) {
  const auto length = until - end_;
  if (::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(end_), static_cast<off_t>(length)) == 0) {
    reserved_until_ = until;
    return true;
  }
  // A file system that cannot reserve: a full disk then breaks the journal at the write, which is final.
  if (errno == EOPNOTSUPP || errno == ENOSYS) {
    can_reserve_ = false;
    return true;
  }
  return false;
}

std::optional<Error> Writer::write_value(const ValueFile& value) {
  const auto path = folder_ + "/" + value.name;
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  int failure = file ? write_file(file.get(), value.text) : errno;
  if (failure == 0 && ::fsync(file.get()) != 0) failure = errno;
  ++syncs_;
  if (failure == 0) failure = sync_folder(std::filesystem::path(path).parent_path().string());
  if (failure == 0) return std::nullopt;
  return Error("journal.full", "the value file " + path + " cannot be written (" + errno_text(failure) +
                                   "), so the run does not go on; make room there, then resume the run");
}

Error Writer::broken(const std::string& what, int number) {
  return {"journal.broken", "the journal in " + folder_ + " cannot be " + what + " (" + errno_text(number) +
                                "); no further change is sent; repair the disk, then resume the run"};
}

}  // namespace opshost::journal
