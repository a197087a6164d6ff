// `true` on 200 hosts beside a raw libssh2 program: what opshost costs on top. ssh_bench OPSHOST, in a lab with sshd
// (tests/support/in_lab ssh -- ssh_bench OPSHOST).
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "tests/bench/raw_ssh.hpp"
#include "tests/bench/report.hpp"

namespace opshost::bench {

namespace {

constexpr int kHosts = 200;
constexpr int kRounds = 5;

struct Usage {
  double cpu = 0;
  double wall = 0;
  double resident_mib = 0;
  double blocked = 0;  ///< seconds, the longest; where it was asked for
};

/// Looks at the main thread of a child from outside: for how long at a time it waits in a system call that is none of
/// the loop's own. On a busy machine it waits for a processor, too, which is no fault of its own and not counted.
class BlockedWatch {
 public:
  explicit BlockedWatch(pid_t pid) : file_("/proc/" + std::to_string(pid) + "/syscall") {}

  void look() {
    // Number, arguments, stack: two waits in the same call differ at least in one of these, mostly.
    std::string call;
    std::getline(std::ifstream(file_), call);
    const double now = wall();
    const auto number = call.substr(0, call.find(' '));
    const bool blocked = !call.empty() && number != "running" && number != std::to_string(SYS_epoll_wait) &&
                         number != std::to_string(SYS_epoll_pwait);
    if (!blocked || call != call_) since_ = now;
    call_ = call;
    longest_ = std::max(longest_, now - since_);
  }
  [[nodiscard]] double longest() const { return longest_; }

 private:
  std::string file_;
  std::string call_;
  double since_ = 0;
  double longest_ = 0;
};

std::string lab(const char* name) {
  const char* value = std::getenv(name);
  if (value != nullptr) return value;
  std::fprintf(stderr, "ssh_bench: %s is not set: it runs in a lab (tests/support/in_lab ssh -- ...)\n", name);
  std::exit(2);
}

/// What a child process takes.
Usage usage_of(const std::function<void()>& child, bool watched = false) {
  const double began = wall();
  const pid_t pid = fork();
  if (pid == 0) {
    child();
    _exit(0);
  }
  int status = 0;
  rusage usage{};
  BlockedWatch watch(pid);
  while (watched && wait4(pid, &status, WNOHANG, &usage) == 0) {
    watch.look();
    usleep(500);
  }
  if (!watched) wait4(pid, &status, 0, &usage);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::fprintf(stderr, "ssh_bench: a measured program failed\n");
    std::exit(2);
  }
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return {seconds(usage.ru_utime) + seconds(usage.ru_stime), wall() - began,
          static_cast<double>(usage.ru_maxrss) / 1024, watch.longest()};
}

class Bench {
 public:
  explicit Bench(std::string opshost) : opshost_(std::move(opshost)) {}

  Usage raw(int hosts, int rounds) const {
    return usage_of([&] {
      RawSsh raw{.address_prefix = lab("LAB_SSH_ADDRESS_PREFIX"),
                 .hosts = hosts,
                 .port = std::stoi(lab("LAB_SSH_PORT")),
                 .user = lab("LAB_SSH_KEY_USER"),
                 .key_file = lab("LAB_SSH_KEY"),
                 .warm_rounds = rounds};
      raw.run();
    });
  }
  Usage idle(int connections) const {
    return usage_of([&] {
      execl(opshost_.c_str(), opshost_.c_str(), "run", OPSHOST_BENCH_SCRIPTS "/ssh_idle.lua",
            lab("LAB_SSH_ADDRESS_PREFIX").c_str(), std::to_string(connections).c_str(), lab("LAB_SSH_PORT").c_str(),
            lab("LAB_SSH_KEY_USER").c_str(), lab("LAB_SSH_KEY").c_str(), lab("LAB_SSH_KNOWN_HOSTS").c_str(), nullptr);
    });
  }
  Usage copy(const std::string& verb, const std::string& from, const std::string& to, bool checksum) const {
    return usage_of([&] {
      execl(opshost_.c_str(), opshost_.c_str(), "run", OPSHOST_BENCH_SCRIPTS "/ssh_copy.lua", "127.9.0.1",
            lab("LAB_SSH_PORT").c_str(), lab("LAB_SSH_KEY_USER").c_str(), lab("LAB_SSH_KEY").c_str(),
            lab("LAB_SSH_KNOWN_HOSTS").c_str(), verb.c_str(), from.c_str(), to.c_str(), checksum ? "true" : "false",
            nullptr);
    });
  }
  static Usage sftp(const std::string& verb, const std::string& from, const std::string& to) {
    return usage_of([&] {
      const std::string line = "echo '" + verb + " " + from + " " + to + "' | exec sftp -q -b - -P " +
                               lab("LAB_SSH_PORT") + " -i " + lab("LAB_SSH_KEY") +
                               " -o UserKnownHostsFile=" + lab("LAB_SSH_KNOWN_HOSTS") + " " + lab("LAB_SSH_KEY_USER") +
                               "@127.9.0.1 >/dev/null";
      execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
    });
  }
  Usage stall(const std::string& file, const std::string& key) const {
    return usage_of(
        [&] {
          setenv("OPSHOST_BENCH_PASSPHRASE", lab("LAB_SSH_PASSPHRASE").c_str(), 1);
          execl(opshost_.c_str(), opshost_.c_str(), "run", OPSHOST_BENCH_SCRIPTS "/ssh_stall.lua",
                lab("LAB_SSH_ADDRESS_PREFIX").c_str(), std::to_string(kHosts).c_str(), lab("LAB_SSH_PORT").c_str(),
                lab("LAB_SSH_KEY_USER").c_str(), key.c_str(), lab("LAB_SSH_KNOWN_HOSTS").c_str(), file.c_str(),
                nullptr);
        },
        true);
  }
  Usage encrypted(int hosts) const {
    return usage_of([&] {
      setenv("OPSHOST_BENCH_PASSPHRASE", lab("LAB_SSH_PASSPHRASE").c_str(), 1);
      run_on(hosts, 0, lab("LAB_SSH_KEYS") + "/user_ed25519_passphrase");
    });
  }
  Usage ours(int hosts, int rounds) const {
    return usage_of([&] { run_on(hosts, rounds, lab("LAB_SSH_KEY")); });
  }

 private:
  static constexpr const char* kScript = OPSHOST_BENCH_SCRIPTS "/ssh.lua";

  void run_on(int hosts, int rounds, const std::string& key) const {
    execl(opshost_.c_str(), opshost_.c_str(), "run", kScript, lab("LAB_SSH_ADDRESS_PREFIX").c_str(),
          std::to_string(hosts).c_str(), lab("LAB_SSH_PORT").c_str(), lab("LAB_SSH_KEY_USER").c_str(), key.c_str(),
          lab("LAB_SSH_KNOWN_HOSTS").c_str(), std::to_string(rounds).c_str(), nullptr);
  }

  std::string opshost_;
};

constexpr int kIdle = 1000;
constexpr int kMegabytes = 1000;
/// MiB: flat, whatever is copied.
constexpr double kCopyMemory = 40;

/// A copy there or back beside sftp, which compares nothing: with a checksum both sides read it once more. Leaves the
/// last of the copies.
void measure_copy(const Bench& bench, Report& report, const std::string& verb, const std::string& from,
                  const std::string& to) {
  const Usage sftp = Bench::sftp(verb, from, to);
  std::filesystem::remove(to);
  const Usage copy = bench.copy(verb, from, to, false);
  std::filesystem::remove(to);
  const Usage compared = bench.copy(verb, from, to, true);
  const double sums =
      usage_of([&] { execlp("sh", "sh", "-c", "exec sha256sum \"$0\" >/dev/null", from.c_str(), nullptr); }).wall;
  const std::string name = verb + " of " + std::to_string(kMegabytes) + " MB";
  report.add({.name = name + " without a checksum, wall",
              .value = copy.wall,
              .target = 1.5 * sftp.wall,
              .unit = "s",
              .beside = Alternative{"sftp", sftp.wall}});
  report.add({.name = name + ", wall",
              .value = compared.wall,
              .target = 1.5 * sftp.wall + 2 * sums,
              .unit = "s",
              .beside = Alternative{"sftp", sftp.wall}});
  report.remark("one sha256sum of it " + number_text(sums) + " s");
  report.add({.name = name + ", memory",
              .value = std::max(copy.resident_mib, compared.resident_mib),
              .target = kCopyMemory,
              .unit = "MiB"});
}

std::string new_folder(std::string pattern) {
  if (mkdtemp(pattern.data()) != nullptr && chmod(pattern.c_str(), 0777) == 0) return pattern;
  std::fprintf(stderr, "ssh_bench: no folder %s\n", pattern.c_str());
  std::exit(2);
}

void measure_copies(const Bench& bench, Report& report) {
  const std::string here = new_folder("/tmp/opshost-bench-XXXXXX");
  // Who logs in has another /tmp.
  const auto lab_folder = std::filesystem::path(lab("LAB_SSH_DISK")).parent_path();
  const std::string there = new_folder(lab_folder / "tmp" / "opshost-bench-XXXXXX");
  usage_of([&] {
    const std::string count = "count=" + std::to_string(kMegabytes);
    execlp("dd", "dd", "if=/dev/zero", ("of=" + here + "/from").c_str(), "bs=1M", count.c_str(), "status=none",
           nullptr);
  });
  measure_copy(bench, report, "put", here + "/from", there + "/file");
  measure_copy(bench, report, "get", there + "/file", here + "/back");
  std::filesystem::remove_all(here);
  std::filesystem::remove_all(there);
}

/// A key that is encrypted is decrypted once, whatever the number of hosts.
void measure_encrypted(const Bench& bench, const Usage& raw_cold, Report& report) {
  const double decryption = bench.encrypted(1).cpu - bench.ours(1, 0).cpu;
  const Usage encrypted = bench.encrypted(kHosts);
  report.add({.name = "the same with an encrypted key, client CPU",
              .value = encrypted.cpu,
              .target = 1.2 * raw_cold.cpu + decryption,
              .unit = "s",
              .beside = Alternative{"raw libssh2, key in the clear", raw_cold.cpu}});
  report.remark("one decryption " + number_text(decryption) + " s");
}

void measure_stall(const Bench& bench, Report& report) {
  std::string file = "/tmp/opshost-bench-XXXXXX";
  const int descriptor = mkstemp(file.data());
  if (descriptor < 0) std::exit(2);
  close(descriptor);
  for (const bool encrypted : {false, true}) {
    const std::string key = encrypted ? lab("LAB_SSH_KEYS") + "/user_ed25519_passphrase" : lab("LAB_SSH_KEY");
    const Usage usage = bench.stall(file, key);
    double seconds = 0;
    std::ifstream(file) >> seconds;
    const std::string with = encrypted ? ", with an encrypted key" : "";
    report.add(
        {.name = "longest stall of the loop meanwhile" + with, .value = seconds * 1e3, .target = 20, .unit = "ms"});
    report.add({.name = "longest wait of the loop elsewhere than in its poll" + with,
                .value = usage.blocked * 1e3,
                .target = 20,
                .unit = "ms"});
  }
  std::filesystem::remove(file);
}

/// The middle one of some runs: a lone connection is at the mercy of whatever else the machine does just then.
double middle_wall(const std::function<Usage()>& once) {
  constexpr std::size_t kRuns = 11;
  std::array<double, kRuns> walls{};
  for (double& wall : walls) wall = once().wall;
  std::sort(walls.begin(), walls.end());
  return walls[kRuns / 2];
}

/// Before the servers have hundreds of sessions to end.
void measure_one(const Bench& bench, Report& report) {
  report.add(
      {.name = "one host cold, process start included",
       .value = middle_wall([&] { return bench.ours(1, 0); }) * 1e3,
       .target = 45,
       .unit = "ms",
       .beside = Alternative{"raw libssh2, no process started", middle_wall([&] { return bench.raw(1, 0); }) * 1e3}});
}

int measure(const std::string& opshost) {
  const Bench bench(opshost);
  Report report("ssh: " + std::to_string(kHosts) + " hosts, beside raw libssh2 in the same run");
  measure_one(bench, report);
  const Usage raw_cold = bench.raw(kHosts, 0);
  const Usage cold = bench.ours(kHosts, 0);
  report.add({.name = "cold connect + true, client CPU",
              .value = cold.cpu,
              .target = 1.2 * raw_cold.cpu,
              .unit = "s",
              .beside = Alternative{"raw libssh2", raw_cold.cpu}});
  report.remark("wall " + number_text(cold.wall) + " s, raw " + number_text(raw_cold.wall) + " s; memory " +
                number_text(cold.resident_mib) + " MiB");

  measure_encrypted(bench, raw_cold, report);
  measure_stall(bench, report);

  const Usage raw_warm = bench.raw(kHosts, kRounds);
  const Usage warm = bench.ours(kHosts, kRounds);
  const double raw_time = raw_warm.wall - raw_cold.wall;
  const double time = warm.wall - cold.wall;
  report.add({.name = "warm commands, wall of " + std::to_string(kRounds) + " rounds",
              .value = time,
              .target = raw_time / 0.9,
              .unit = "s",
              .beside = Alternative{"raw libssh2", raw_time}});
  report.remark(number_text(kHosts * kRounds / time) + " commands/s, raw " + number_text(kHosts * kRounds / raw_time) +
                "; client CPU a command " + number_text((warm.cpu - cold.cpu) / (kHosts * kRounds) * 1e6) +
                " us, raw " + number_text((raw_warm.cpu - raw_cold.cpu) / (kHosts * kRounds) * 1e6) + " us");

  const Usage idle = bench.idle(kIdle);
  report.add({.name = std::to_string(kIdle) + " open connections, memory",
              .value = idle.resident_mib,
              .target = 100,
              .unit = "MiB"});
  measure_copies(bench, report);
  return report.exit_code();
}

}  // namespace

}  // namespace opshost::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: ssh_bench OPSHOST\n");
    return 2;
  }
  return opshost::bench::measure(argv[1]);
}
