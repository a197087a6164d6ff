#pragma once
// The one error type: C++ clients throw it, Lua scripts see it as an error object with the same fields.
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "host/base/value.hpp"

namespace opshost {

/// A failure a person has to understand. `code` is the stable part scripts compare ("local.timeout"), `message` says
/// what was observed and what to do. Build one with the setters:
///
///   throw Error("docker.not_found", "no container web-1; nearest: web-01").on("unix:///run/docker.sock");
class Error : public std::exception {
 public:
  Error(std::string code, std::string message) : code_(std::move(code)), message_(std::move(message)) {}

  /// What was spoken to: a host, an engine, a path.
  Error&& on(std::string target) && {
    target_ = std::move(target);
    return std::move(*this);
  }
  /// The operation that failed, as Lua calls it: "local.run". The call's entry fills it in where nobody did.
  Error&& during(std::string op) && {
    op_ = std::move(op);
    return std::move(*this);
  }
  /// The same call may well succeed later, nothing needs to change for that.
  Error&& retryable(bool yes = true) && {
    retryable_ = yes;
    return std::move(*this);
  }
  /// A change whose reply was lost: it may have happened. Never repeated silently.
  Error&& maybe_applied(bool yes = true) && {
    maybe_applied_ = yes;
    return std::move(*this);
  }
  /// The typed record of this code: errno, exit code, HTTP status, `stage`.
  Error&& with(Value detail) && {
    detail_ = std::move(detail);
    return std::move(*this);
  }
  /// The failure underneath this one.
  Error&& because(Error cause) && {
    cause_ = std::make_shared<const Error>(std::move(cause));
    return std::move(*this);
  }

  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }
  [[nodiscard]] const std::string& code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  [[nodiscard]] const std::string& target() const { return target_; }
  [[nodiscard]] const std::string& op() const { return op_; }
  [[nodiscard]] bool is_retryable() const { return retryable_; }
  [[nodiscard]] bool is_maybe_applied() const { return maybe_applied_; }
  [[nodiscard]] const Value& detail() const { return detail_; }
  [[nodiscard]] const std::shared_ptr<const Error>& cause() const { return cause_; }

  void set_detail(Value detail) { detail_ = std::move(detail); }
  void set_cause(Error cause) { cause_ = std::make_shared<const Error>(std::move(cause)); }
  void set_op(std::string op) { op_ = std::move(op); }
  void set_maybe_applied(bool yes) { maybe_applied_ = yes; }

 private:
  std::string code_;
  std::string message_;
  std::string target_;
  std::string op_;
  bool retryable_ = false;
  bool maybe_applied_ = false;
  Value detail_;
  std::shared_ptr<const Error> cause_;
};

/// `strerror` in a thread-safe form: "No such file or directory".
std::string errno_text(int number);

}  // namespace opshost
