#include "bindings/local/system_error.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "host/lua/value_of.hpp"

namespace opshost::local {

namespace {

struct Advice {
  int number;
  std::string_view text;
};

constexpr std::array kAdvice{
    Advice{EAGAIN, "the limit of processes is reached; see ulimit -u and pids.max of the cgroup"},
    Advice{ENOMEM, "the machine or the cgroup has no memory left"},
    Advice{EMFILE, "opshost has too many files open; raise ulimit -n"},
    Advice{ENFILE, "the machine has too many files open; raise fs.file-max"},
    Advice{E2BIG, "pass what is long by stdin or in a file"},
    Advice{ENOEXEC, "neither a program for this machine's architecture nor a script with a #! line"},
    Advice{ETXTBSY, "somebody has the program open for writing"},
    Advice{ELOOP, "symbolic links lead in a circle"},
    Advice{EIO, "the device failed; see dmesg"},
    Advice{ESTALE, "the NFS server no longer knows it; mount it anew"},
    Advice{EBUSY, "something is mounted there or uses it"},
    Advice{ENAMETOOLONG, "a name may have 255 bytes, a path 4095"},
    Advice{EXDEV, "the two are on different file systems"},
};

std::string_view advice_for(int number) {
  for (const Advice& advice : kAdvice) {
    if (advice.number == number) return advice.text;
  }
  return {};
}

bool passes_by_itself(int number) {
  return number == EAGAIN || number == ENOMEM || number == EMFILE || number == ENFILE || number == ETXTBSY;
}

std::string errno_name(int number) {
  const char* name = strerrorname_np(number);
  return name != nullptr ? name : std::to_string(number);
}

}  // namespace

Error refusal(const std::string& code, const std::string& operation, const std::string& path, int number,
              std::string message) {
  return Error(code, std::move(message))
      .on(path)
      .retryable(passes_by_itself(number))
      .with(value_of(SystemFailure{operation, path, number, errno_name(number)}));
}

Error system_error(const std::string& operation, const std::string& path, int number, const std::string& message) {
  std::string text = message + ": " + errno_text(number);
  const std::string_view advice = advice_for(number);
  if (!advice.empty()) text.append("; ").append(advice);
  return refusal("local.system", operation, path, number, std::move(text));
}

}  // namespace opshost::local
