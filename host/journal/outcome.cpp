#include "host/journal/journal.hpp"

namespace opshost::journal {

bool counts_as_sent(const std::optional<Error>& error) {
  if (!error || error->is_maybe_applied()) return true;
  return error->code().ends_with(".exit") || error->code().ends_with(".signal");
}

}  // namespace opshost::journal
