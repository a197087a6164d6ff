#include "bindings/ssh/client_config.hpp"

#include <glob.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "bindings/ssh/wildcard.hpp"
#include "host/base/error.hpp"

namespace opshost::ssh {

namespace {

/// Files that include each other end somewhere.
constexpr int kMostDepth = 16;

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return lower;
}

/// Words of a line; quotes hold blanks together; "=" may stand after the keyword.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(words.size() == 1 ? " \t\r=" : " \t\r");
    if (begin == std::string_view::npos || line[begin] == '#') return words;
    line.remove_prefix(begin);
    if (line.front() == '"') {
      line.remove_prefix(1);
      const std::size_t end = std::min(line.find('"'), line.size());
      words.emplace_back(line.substr(0, end));
      line.remove_prefix(std::min(end + 1, line.size()));
    } else {
      const std::size_t end = std::min(line.find_first_of(words.empty() ? " \t\r=" : " \t\r"), line.size());
      words.emplace_back(line.substr(0, end));
      line.remove_prefix(end);
    }
  }
}

template <class T>
T number(const std::string& text, const std::string& where) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error("ssh.config", where + ": \"" + text + "\" is no number that fits here; correct the file");
  }
  return value;
}

/// "90", "1m", "1h30m": seconds unless a unit follows; sshd_config(5), TIME FORMATS.
Duration time_of(const std::string& text, const std::string& where) {
  const auto refuse = [&]() {
    throw Error("ssh.config", where + ": \"" + text + "\" is no time (as \"90\", \"1m\", \"1h30m\"); correct the file");
  };
  std::chrono::seconds sum{0};
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at == end) refuse();
  while (at != end) {
    std::uint32_t value = 0;
    const auto [stop, error] = std::from_chars(at, end, value);
    if (error != std::errc()) refuse();
    constexpr std::string_view kUnits = "smhdw";
    constexpr std::array<std::int64_t, 5> kSeconds{1, 60, 3600, 86400, 604800};
    const char letter = stop == end ? 's' : static_cast<char>(std::tolower(static_cast<unsigned char>(*stop)));
    const std::size_t unit = kUnits.find(letter);
    if (unit == std::string_view::npos) refuse();
    sum += std::chrono::seconds(value * kSeconds.at(unit));
    at = stop == end ? stop : stop + 1;
  }
  return sum;
}

template <class T>
void set_first(std::optional<T>& field, T value) {
  if (!field) field = std::move(value);
}

std::string replaced(std::string text, const std::string& token, const std::string& value) {
  for (std::size_t at = text.find(token); at != std::string::npos; at = text.find(token, at + value.size())) {
    text.replace(at, token.size(), value);
  }
  return text;
}

}  // namespace

ClientConfigReader::ClientConfigReader(std::string host, std::string home, ReadFile read)
    : host_(std::move(host)), home_(std::move(home)), read_(std::move(read)) {}

void ClientConfigReader::add_file(const std::string& path) {
  applies_ = true;
  if (const auto text = read_(path)) add_text(*text, path, 0);
}

void ClientConfigReader::add_text(std::string_view text, const std::string& path, int depth) {
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::vector<std::string> words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.size() < 2) continue;
    const std::string keyword = lower_case(words.front());
    words.erase(words.begin());
    if (keyword == "host") {
      applies_ = false;
      std::string patterns;
      for (const std::string& word : words) patterns += word + ",";
      applies_ = matches_list(patterns, host_);
    } else if (keyword == "match") {
      applies_ = matches(words);
    } else if (!applies_) {
      continue;
    } else if (keyword == "include") {
      include(words, path, depth);
    } else {
      set(keyword, words, path + ":" + std::to_string(number));
    }
  }
}

bool ClientConfigReader::matches(const std::vector<std::string>& words) const {
  if (words.size() == 1) return lower_case(words[0]) == "all";
  if (words.size() != 2) return false;
  const std::string criterion = lower_case(words[0]);
  if (criterion == "originalhost") return matches_list(words[1], host_);
  return criterion == "host" && matches_list(words[1], config_.host_name.value_or(host_));
}

void ClientConfigReader::set(const std::string& keyword, const std::vector<std::string>& values,
                             const std::string& where) {
  const std::string& value = values.front();
  if (keyword == "hostname") {
    set_first(config_.host_name, replaced(value, "%h", host_));
  } else if (keyword == "port") {
    set_first(config_.port, number<std::uint16_t>(value, where));
  } else if (keyword == "user") {
    set_first(config_.user, value);
  } else if (keyword == "hostkeyalias") {
    set_first(config_.host_key_alias, value);
  } else if (keyword == "proxyjump") {
    // Whichever of the two comes first is the way.
    if (!config_.proxy_command) set_first(config_.proxy_jump, lower_case(value) == "none" ? std::string() : value);
  } else if (keyword == "proxycommand") {
    std::string line;
    for (const std::string& word : values) line += (line.empty() ? "" : " ") + word;
    if (!config_.proxy_jump) set_first(config_.proxy_command, lower_case(line) == "none" ? std::string() : line);
  } else if (keyword == "identityagent") {
    set_first(config_.identity_agent, expand(value));
  } else if (keyword == "connecttimeout") {
    set_first(config_.connect_timeout, lower_case(value) == "none" ? Duration::zero() : time_of(value, where));
  } else if (keyword == "serveraliveinterval") {
    set_first(config_.alive_every, time_of(value, where));
  } else if (keyword == "identitiesonly") {
    config_.identities_only = config_.identities_only || lower_case(value) == "yes";
  } else if (keyword == "identityfile") {
    config_.identity_files.push_back(expand(value));
  } else if (keyword == "userknownhostsfile" && config_.known_hosts_files.empty()) {
    for (const std::string& file : values) config_.known_hosts_files.push_back(expand(file));
  }
}

void ClientConfigReader::include(const std::vector<std::string>& patterns, const std::string& from, int depth) {
  if (depth >= kMostDepth) throw Error("ssh.config", from + ": files include each other without end; correct them");
  for (const std::string& pattern : patterns) {
    std::string path = expand(pattern);
    if (!path.starts_with('/')) {
      path = (from.starts_with("/etc/") ? std::string("/etc/ssh/") : home_ + "/.ssh/") + path;
    }
    glob_t found{};
    if (glob(path.c_str(), 0, nullptr, &found) == 0) {
      for (std::size_t i = 0; i < found.gl_pathc; ++i) {
        const bool applied = applies_;
        if (const auto text = read_(found.gl_pathv[i])) add_text(*text, found.gl_pathv[i], depth + 1);
        applies_ = applied;
      }
    }
    globfree(&found);
  }
}

std::string ClientConfigReader::expand(const std::string& path) const {
  std::string expanded = path == "~" || path.starts_with("~/") ? home_ + path.substr(1) : path;
  expanded = replaced(std::move(expanded), "%d", home_);
  return replaced(std::move(expanded), "%h", config_.host_name.value_or(host_));
}

std::vector<JumpHop> jump_hops(std::string_view text) {
  std::vector<JumpHop> hops;
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (word.starts_with("ssh://")) word.remove_prefix(6);
    JumpHop hop;
    if (const std::size_t at = word.rfind('@'); at != std::string_view::npos) {
      hop.user = std::string(word.substr(0, at));
      word.remove_prefix(at + 1);
    }
    const std::size_t colon = word.rfind(':');
    const bool has_port = colon != std::string_view::npos && (word.front() == '[' || word.find(':') == colon) &&
                          word.find(']', colon) == std::string_view::npos;
    if (has_port) {
      hop.port = number<std::uint16_t>(std::string(word.substr(colon + 1)), "ProxyJump");
      word = word.substr(0, colon);
    }
    if (word.starts_with('[') && word.ends_with(']')) word = word.substr(1, word.size() - 2);
    hop.host = std::string(word);
    if (!hop.host.empty()) hops.push_back(std::move(hop));
  }
  return hops;
}

}  // namespace opshost::ssh
