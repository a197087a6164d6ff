#pragma once
// What `opshost help [name]` prints.
#include <span>
#include <string>
#include <string_view>

#include "host/docs/catalog.hpp"
#include "host/docs/text.hpp"

namespace opshost::docs {

struct Help {
  bool found = true;  ///< false: nothing has that name, and `text` says what is near
  std::string text;
};

/// `words` are the arguments after `opshost help`:
///   (none)                 how to begin, modules and topics
///   local                  a module
///   local.run, Engine:stop a function or method; "run" alone where it is unambiguous, else the list of them
///   RunOptions             a record, handle or enumeration
///   error [local.timeout]  one error code, a module's, or all
///   exit codes             a topic
///   kill program           whatever else has these words in its name or description
Help help(const Catalog& catalog, std::span<const std::string> words, const TextStyle& style);

/// The script the first page of help shows; a test runs it.
std::string_view first_script();

/// The topics every opshost answers to.
std::span<const Topic> builtin_topics();

}  // namespace opshost::docs
