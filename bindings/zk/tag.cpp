#include "bindings/zk/tag.hpp"

#include <algorithm>
#include <random>

#include "bindings/zk/operations.hpp"
#include "bindings/zk/path.hpp"

namespace opshost::zk {

namespace {
constexpr std::string_view kBegin = "_c_";
constexpr std::size_t kDigits = 32;
constexpr std::size_t kLength = kBegin.size() + kDigits + 1;
}  // namespace

std::string new_tag() {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::random_device random;
  std::string tag(kBegin);
  for (std::size_t i = 0; i < kDigits; ++i) tag += kHex[random() % kHex.size()];
  return tag + '-';
}

std::string_view tag_of(std::string_view name) {
  if (name.size() < kLength || !name.starts_with(kBegin) || name[kLength - 1] != '-') return {};
  const auto digits = name.substr(kBegin.size(), kDigits);
  const bool all_hex = digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return all_hex ? name.substr(0, kLength) : std::string_view();
}

Awaitable<std::optional<std::string>> find_tagged(Call& call, std::shared_ptr<Session> session, std::string path) {
  const auto parent = parent_of(path);
  const auto name = name_of(path);
  const auto tag = tag_of(name);
  // A server that lags behind would not show it yet.
  co_await sync(call, session, parent);
  const auto names = co_await get_children(call, session, parent);
  const auto found =
      std::find_if(names.begin(), names.end(), [&](const auto& child) { return child.starts_with(tag); });
  if (found == names.end()) co_return std::nullopt;
  co_return join(parent, *found);
}

}  // namespace opshost::zk
