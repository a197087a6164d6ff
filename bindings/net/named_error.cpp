#include "bindings/net/named_error.hpp"

#include "bindings/net/failure.hpp"
#include "bindings/net/tls.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::net {

namespace {

const char* name_of(TlsProblem problem) {
  switch (problem) {
    case TlsProblem::expired:
      return "expired";
    case TlsProblem::not_yet_valid:
      return "not_yet_valid";
    case TlsProblem::name_mismatch:
      return "name_mismatch";
    case TlsProblem::unknown_ca:
      return "unknown_ca";
    case TlsProblem::revoked:
      return "revoked";
    case TlsProblem::invalid:
      return "invalid";
    case TlsProblem::client_wanted:
      return "client_wanted";
    case TlsProblem::client_refused:
      return "client_refused";
    case TlsProblem::no_tls:
      return "no_tls";
    case TlsProblem::protocol:
      break;
  }
  return "protocol";
}

Error unreachable(const std::string& module, const Failure& failure, const std::string& target) {
  const bool doubt = failure.is_maybe_applied();
  if (failure.obstacle() == Obstacle::permission) return Error(module + ".permission", failure.message()).on(target);
  if (failure.obstacle() != Obstacle::cut) return failure.as(module, target).maybe_applied(doubt);
  return Error(module + ".connection_lost", failure.message()).on(target).retryable().maybe_applied(doubt);
}

}  // namespace

Error named_error(const std::string& module, const Error& failure, const std::string& target) {
  if (const auto* obstacle = dynamic_cast<const Failure*>(&failure)) return unreachable(module, *obstacle, target);
  const bool doubt = failure.is_maybe_applied();
  if (const auto* insecure = dynamic_cast<const TlsFailure*>(&failure)) {
    const TlsRefusal detail{.problem = name_of(insecure->problem())};
    return Error(module + ".tls", failure.message()).on(target).maybe_applied(doubt).with(value_of(detail));
  }
  for (const std::string name : {"tls_file", "protocol", "too_large", "file"}) {
    if (failure.code() != "net." + name) continue;
    return Error(module + "." + name, failure.message()).on(target).maybe_applied(doubt);
  }
  return failure;
}

}  // namespace opshost::net
