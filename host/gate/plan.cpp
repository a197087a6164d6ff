#include "host/gate/plan.hpp"

#include <algorithm>

#include "host/base/utf8.hpp"

namespace opshost::gate {

namespace {

std::string count(std::size_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

std::string indented(std::string_view text, const std::string& indent) {
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.append(indent).append(printable(text.substr(0, end))) += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string at_end(const std::string& at) { return at.empty() ? "" : "  (" + at + ")"; }

constexpr std::string_view kWithin = " > ";

/// `inner` is `outer` or in it.
bool within(const std::string& inner, const std::string& outer) {
  return inner.starts_with(outer) &&
         (inner.size() == outer.size() || inner.compare(outer.size(), kWithin.size(), kWithin) == 0);
}

/// A change of the host touches everything on it; one of a container also its engine, which lists it, but not the host.
bool touches(const std::string& change, const std::string& read) {
  return within(read, change) || change.substr(0, change.rfind(kWithin)) == read;
}

bool same_read(const Plan::StaleRead& one, const Plan::StaleRead& other) {
  return one.change == other.change && one.function == other.function && one.subject == other.subject &&
         one.arguments == other.arguments && one.at == other.at;
}

/// "host h1 > engine tcp://h1:2376 > container web-1" as "container web-1 of engine tcp://h1:2376".
std::string shown_subject(const std::string& subject) {
  const auto last = subject.rfind(kWithin);
  if (last == std::string::npos) return subject;
  auto name = subject.substr(last + kWithin.size());
  const auto before = subject.rfind(kWithin, last - 1);
  if (before == std::string::npos) return name;
  return name + " of " + subject.substr(before + kWithin.size(), last - before - kWithin.size());
}

}  // namespace

std::string call_text(const std::string& function, const ValueList& arguments, const std::string& subject) {
  std::string text;
  for (const auto& argument : arguments) text += (text.empty() ? "" : ", ") + describe(argument);
  // A function's own arguments say what it is about; a method's do not.
  const bool is_method = function.find(':') != std::string::npos;
  return function + "(" + text + ")" + (is_method && !subject.empty() ? " on " + shown_subject(subject) : "");
}

std::size_t Plan::add_change(const FunctionInfo& function, std::string subject, ValueList arguments, std::string at,
                             std::string step) {
  const auto number = changes_.size() + 1;
  changes_.push_back({.number = number,
                      .function = function.qualified(),
                      .effect = function.effect,
                      .subject = std::move(subject),
                      .arguments = std::move(arguments),
                      .at = std::move(at),
                      .step = std::move(step)});
  return number;
}

void Plan::add_remark(std::string path, std::string text) {
  remarks_.push_back({std::move(path), std::move(text), changes_.size()});
}

void Plan::add_unknown(std::string because, std::string at) {
  unknowns_.push_back({std::move(because), std::move(at)});
}

std::size_t Plan::add_read(const FunctionInfo& function, const std::string& subject, const ValueList& arguments,
                           const std::string& at) {
  const auto change = first_change_touching(subject);
  if (change == 0) return 0;
  StaleRead read{change, function.qualified(), subject, arguments, at};
  const bool known = std::any_of(stale_reads_.begin(), stale_reads_.end(),
                                 [&read](const StaleRead& earlier) { return same_read(earlier, read); });
  if (!known) stale_reads_.push_back(std::move(read));
  return change;
}

std::size_t Plan::first_change_touching(const std::string& subject) const {
  if (subject.empty()) return 0;
  for (const auto& change : changes_) {
    if (touches(change.subject, subject)) return change.number;
  }
  return 0;
}

std::string Plan::changes_text() const {
  std::string text;
  auto remark = remarks_.begin();
  std::string step;
  const auto add_remarks_before = [&](std::size_t number) {
    for (; remark != remarks_.end() && remark->after < number; ++remark) {
      text += remark->path + ": " + remark->text + "\n";
      step = remark->path;
    }
  };
  for (const auto& change : changes_) {
    add_remarks_before(change.number);
    if (change.step != step && !change.step.empty()) text += change.step + ":\n";
    step = change.step;
    const std::string indent = change.step.empty() ? "" : "  ";
    text += indent + std::to_string(change.number) + ". " + (change.effect == Effect::destroy ? "destroy " : "") +
            call_text(change.function, change.arguments, change.subject) + at_end(change.at) + "\n" +
            indented(change.diff, indent + "   ");
  }
  add_remarks_before(changes_.size() + 1);
  return text;
}

std::string Plan::text() const {
  std::string text = changes_text();
  for (const auto& read : stale_reads_) {
    text += "as read before change " + std::to_string(read.change) + ": " +
            call_text(read.function, read.arguments, read.subject) + at_end(read.at) + "\n";
  }
  for (const auto& unknown : unknowns_) {
    text += "unknown from here, because " + unknown.because + at_end(unknown.at) + "\n";
  }
  text += changes_.empty() ? "no changes" : count(changes_.size(), "change");
  text += exact() ? "; the plan is exact\n"
                  : "; the plan is not exact: " + count(unknowns_.size(), "unknown") + ", " +
                        count(stale_reads_.size(), "read") + " a change may alter\n";
  return text;
}

Value Plan::document() const {
  ValueList changes;
  for (const auto& change : changes_) {
    changes.emplace_back(ValueMap{{"number", static_cast<std::int64_t>(change.number)},
                                  {"function", change.function},
                                  {"effect", effect_name(change.effect)},
                                  {"subject", change.subject},
                                  {"arguments", change.arguments},
                                  {"at", change.at}});
    auto& fields = *changes.back().get_if<ValueMap>();
    if (!change.step.empty()) fields.emplace_back("step", change.step);
    if (!change.diff.empty()) fields.emplace_back("diff", change.diff);
  }
  ValueList remarks;
  for (const auto& remark : remarks_) {
    remarks.emplace_back(ValueMap{
        {"path", remark.path}, {"text", remark.text}, {"after_change", static_cast<std::int64_t>(remark.after)}});
  }
  ValueList reads;
  for (const auto& read : stale_reads_) {
    reads.emplace_back(ValueMap{{"before_change", static_cast<std::int64_t>(read.change)},
                                {"function", read.function},
                                {"arguments", read.arguments},
                                {"at", read.at}});
  }
  ValueList unknowns;
  for (const auto& unknown : unknowns_) {
    unknowns.emplace_back(ValueMap{{"because", unknown.because}, {"at", unknown.at}});
  }
  ValueMap document{{"changes", std::move(changes)},
                    {"stale_reads", std::move(reads)},
                    {"unknowns", std::move(unknowns)},
                    {"exact", exact()}};
  if (!remarks_.empty()) document.emplace_back("remarks", std::move(remarks));
  return document;
}

}  // namespace opshost::gate
