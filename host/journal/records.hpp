#pragma once
// The journal of a run: what is written down, and how a run is taken on again from it.
//
// A run's folder holds journal.jsonl, one record a line, and values/, the values too long for a record. A line is
//
//   {"n":7,"t":"2026-03-01T05:02:11.250Z","k":"intent", ...fields..., "crc":"1c291ca3"}
//
// `n` counts from 1 without gaps, `crc` is CRC-32C of all that stands before `,"crc"`. A last line that is torn or has
// a wrong CRC was never durable and is cut off when the run is taken on; a wrong one before it means the file was
// damaged, and the run is refused. Paths name things: groups, items and called procedures joined by "/".
//
//   k         fields                                written
//   start     procedure, params, uses, targets,     before anything else
//             who, files, options
//   session   mode (resume, cleanup, rollback),     when another process takes the run on
//             who, files, edited
//   file      name, sha256, origin                  for each Lua file loaded after the start
//   fact      path, value                           when it was read; durable before its fiber goes on
//   try       path, ok, value | error               when its function ended
//   require   path, seen                            when the precondition held
//   step      path, at                              when a step is reached; with the next durable record
//   attempt   path, number                          before `run` is called
//   intent    id, step, function, subject,          durable before the change is sent
//             arguments, repeatable, at
//   note      id, key, value                        while it runs; with the next durable record
//   outcome   id, result | error                    durable before the fiber goes on
//   acted     path, value                           when `run` returned
//   decided   path, answer                          what the operator said of a step in doubt
//   end       path, state, seen, value | error      state: done, already (nothing to do), skipped, failed
//   cleanup   path, group, state                    state: registered, ran, failed
//   answer    path, kind, value, by                 what a person answered
//   group     path                                  its body returned; its clean-ups run next
//   log       path, text
//   rollback  state: begun, done                    from `begun` on the run is undone
//   result    state, exit_code, value | error,      when this process leaves the run: done, failed, refused,
//             owed, unfinished, syncs               interrupted, rolled_back, settled
//   abandon   reason, who                           nobody will take it on
//
// Steps whose path begins with "clean-up: " or "undo: " are the run's own: they have the same records.
//
// Replay. Code runs again from the top; what it asks for by path comes from the records: a fact, try, require or answer
// as it was, a step by its state (History). Doubt falls out of the current attempt's changes (doubt.hpp):
//
//   no attempt, or its changes were not sent             run it again
//   `acted`                                              only verify
//   only repeatable changes were sent                    run it again
//   else                                                 `done` decides; if it cannot, the operator
//
// A change was sent when its intent stands without an outcome (nobody knows), its outcome is a result, an error with
// maybe_applied, or the error of a command that ran and ended.
//
// A clean-up that ran before its group ended reopens the steps of the group that began after its registration: their
// state is asked again by `done`, since the clean-up may have put back what they did.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/value.hpp"

namespace opshost::journal {

/// A record, its line break included, is one write of at most this many bytes.
inline constexpr std::size_t kLargestRecord = 64UL * 1024;
/// Of which one value takes no more.
inline constexpr std::size_t kMostOfRecord = 32UL * 1024;
/// A value a resume needs may be this long as JSON.
inline constexpr std::size_t kLargestValue = 16UL * 1024 * 1024;

struct Record {
  std::uint64_t number = 0;
  std::string time;  ///< UTC, "2026-03-01T05:02:11.250Z"
  std::string kind;
  ValueMap fields;  ///< in journal form, see to_journal_form

  /// The field; nullptr: none of that name.
  [[nodiscard]] const Value* field(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name) const;  ///< "" where there is none
  [[nodiscard]] bool flag(std::string_view name) const;
  [[nodiscard]] std::uint64_t count(std::string_view name) const;
};

/// The line, with its line break.
std::string encode(const Record& record);
/// nullopt: torn, damaged, or no record.
std::optional<Record> decode(std::string_view line);

/// A value as records hold it: secrets blanked, also by the names of fields, bytes that are no UTF-8 as {"$hex": ...},
/// numbers JSON has no words for as {"$number": ...}, a map that would read as one of these as {"$map": ...}.
Value to_journal_form(const Value& value);
/// Where something stands in the value that its journal form has blanked: ".password", "[2].url", "" for the value
/// itself; nullopt: it comes back as it is.
std::optional<std::string> blanked_place(const Value& value);
Value from_journal_form(const Value& value);

/// The time now, as records have it.
std::string utc_now();

}  // namespace opshost::journal
