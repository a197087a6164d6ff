#pragma once
// ZooKeeper's administration words ("four-letter words"): one connection, one word, one text back.
#include <string>

#include "bindings/zk/records.hpp"
#include "host/fiber/call.hpp"

namespace opshost::zk {

struct WordOptions {
  net::Via via{};
  Duration connect_timeout = 5s;
  Duration timeout = 10s;
};
OPSHOST_RECORD(WordOptions, "How to ask a server", (via, "an SSH connection to go through"),
               (connect_timeout, "how long to wait for the connection"), (timeout, "how long to wait for the answer"))

/// The server's answer. Throws Error with
///   zk.unreachable    nothing listens there, or nothing comes back
///   zk.word_refused   the server's 4lw.commands.whitelist does not have the word
Awaitable<std::string> ask_word(Call& call, std::string server, std::string word, WordOptions options);

}  // namespace opshost::zk
