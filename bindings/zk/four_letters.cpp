#include "bindings/zk/four_letters.hpp"

#include <algorithm>
#include <array>

#include "bindings/net/failure.hpp"
#include "bindings/zk/hosts.hpp"

namespace opshost::zk {

namespace {

/// Of a server with tens of thousands of connections, `cons` has megabytes.
constexpr std::size_t kMostBytes = 64UL << 20U;

void check_word(const std::string& word) {
  const bool is_word = word.size() == 4 && std::all_of(word.begin(), word.end(),
                                                       [](char letter) { return letter >= 'a' && letter <= 'z'; });
  if (!is_word) throw Error("usage.argument", describe(Value(word)) + " is no word of four letters, like \"mntr\"");
}

HostPort only_server(const std::string& text) {
  auto servers = parse_hosts(text);
  if (servers.size() != 1) throw Error("usage.argument", describe(Value(text)) + " names more than one server");
  return std::move(servers.front());
}

Awaitable<std::string> converse(Call& call, HostPort server, std::string word, WordOptions options) {
  const auto route = net::route_of(options.via);
  const auto stream = co_await route->open_tcp(call, server.host, server.port, options.connect_timeout);
  const auto reaction = net::close_on_stop(call, *stream);
  co_await net::write_all(*stream, asio::buffer(word));
  std::string answer;
  std::array<char, 16384> piece{};
  while (answer.size() < kMostBytes) {
    const auto count = co_await net::read_some(*stream, asio::buffer(piece));
    if (count == 0) break;
    answer.append(piece.data(), count);
  }
  stream->close();
  co_return answer;
}

}  // namespace

Awaitable<std::string> ask_word(Call& call, std::string server, std::string word, WordOptions options) {
  check_word(word);
  const auto place = only_server(server);
  const auto target = text_of(place);
  std::optional<Error> failed;
  std::string answer;
  try {
    answer = co_await converse(call, place, word, options);
  } catch (const net::Failure& failure) {
    failed = failure.as("zk", target);
  }
  if (failed) throw Error(*failed);
  if (answer.empty()) {
    throw Error("zk.word_refused",
                target + " closed the connection without an answer to \"" + word + "\": it does not know that word")
        .on(target);
  }
  if (answer.find("is not in the whitelist") != std::string::npos) {
    throw Error("zk.word_refused",
                target + " does not answer \"" + word + "\": add it to 4lw.commands.whitelist of its configuration")
        .on(target);
  }
  co_return answer;
}

}  // namespace opshost::zk
