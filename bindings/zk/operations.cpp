#include "bindings/zk/operations.hpp"

#include <algorithm>

#include "bindings/zk/path.hpp"
#include "bindings/zk/permissions.hpp"
#include "bindings/zk/tag.hpp"
#include "host/base/names.hpp"

namespace opshost::zk {

namespace {

/// What a request has beside its path and data, generously.
constexpr std::size_t kRequestOverhead = 256;
/// Where there are more, the nearest of them is no help, and asking is no small thing.
constexpr std::int32_t kMostSuggested = 1000;

using ReplyPtr = std::shared_ptr<Reply>;

Awaitable<ReplyPtr> ask_exists(Call& call, SessionPtr session, std::string path) {
  check_path(path);
  const auto full = full_path(*session, path);
  co_return co_await session->ask(call, {"look at", path}, Repeat::freely, [&](zhandle_t* handle, Reply* reply) {
    return zoo_aexists(handle, full.c_str(), 0, Reply::on_stat, reply);
  });
}

Awaitable<ReplyPtr> ask_children(Call& call, SessionPtr session, std::string path) {
  check_path(path);
  const auto full = full_path(*session, path);
  co_return co_await session->ask(call, {"list", path}, Repeat::freely, [&](zhandle_t* handle, Reply* reply) {
    return zoo_aget_children(handle, full.c_str(), 0, Reply::on_strings, reply);
  });
}

/// "; did you mean \"/app/config\"?", from what the node above has.
Awaitable<std::string> nearest_sibling(Call& call, SessionPtr session, std::string path) {
  const auto parent = parent_of(path);
  const auto reply = co_await ask_children(call, session, parent);
  const auto nearest = nearest_name(name_of(path), reply->names);
  co_return nearest ? "; did you mean " + describe(Value(join(parent, *nearest)), 200) + "?" : std::string();
}

/// Where the path ends to be there.
Awaitable<std::string> absent_text(Call& call, SessionPtr session, std::string path) {
  const auto shown = describe(Value(path), 200) + " does not exist";
  auto above = path;
  while (above != "/") {
    above = parent_of(above);
    const auto reply = co_await ask_exists(call, session, above);
    if (reply->code != ZOK) continue;
    if (above != parent_of(path)) co_return shown + "; the nearest node above it is " + describe(Value(above), 200);
    if (reply->stat.numChildren > kMostSuggested) co_return shown;
    co_return shown + co_await nearest_sibling(call, session, path);
  }
  co_return shown + ", as the chroot " + describe(Value(session->chroot()), 200) +
      " does not: create that, or correct `chroot`";
}

void check_data(const Session& session, const Asked& asked, const std::string& data) {
  check_size(session, asked, session.chroot().size() + asked.path.size() + data.size());
}

int create_mode(const CreateOptions& options) {
  if (options.ephemeral) return options.sequential ? ZOO_EPHEMERAL_SEQUENTIAL : ZOO_EPHEMERAL;
  return options.sequential ? ZOO_PERSISTENT_SEQUENTIAL : ZOO_PERSISTENT;
}

Awaitable<ReplyPtr> ask_create(Call& call, SessionPtr session, Asked asked, std::string data, int mode, Acl acl,
                               bool sequential) {
  const LibraryAcl library_acl(acl);
  const auto full = full_path(*session, asked.path, sequential);
  co_return co_await session->ask(call, asked, Repeat::never, [&](zhandle_t* handle, Reply* reply) {
    return zoo_acreate(handle, full.c_str(), data.data(), static_cast<int>(data.size()), library_acl.get(), mode,
                       Reply::on_string, reply);
  });
}

std::string without_chroot(const Session& session, const std::string& full) {
  return full.size() > session.chroot().size() ? full.substr(session.chroot().size()) : "/";
}

/// Looks for the tagged node whose creation went unanswered. What keeps it from looking leaves that in doubt.
Awaitable<std::optional<std::string>> find_lost(Call& call, SessionPtr session, std::string path, Error lost) {
  std::optional<Error> failed;
  try {
    co_return co_await find_tagged(call, session, path);
  } catch (const Error& error) {
    failed = error;
  }
  call.saw(lost.message());
  throw Error("zk.connection_lost", lost.message() + ". Looking for it failed: " + failed->message())
      .on(session->target())
      .retryable()
      .maybe_applied()
      .because(*failed);
}

Awaitable<Error> explain_create(Call& call, SessionPtr session, int code, Asked asked) {
  if (code != ZNONODE) co_return co_await explain(call, session, code, asked);
  const auto parent = parent_of(asked.path);
  const auto why = co_await explain(call, session, code, {asked.verb, parent});
  // Nothing makes a chroot by the way.
  const auto* advice = parent == "/" ? "" : "; say makepath = true to create what is missing";
  co_return Error("zk.not_found", describe(Value(asked.path), 200) + " cannot be created: " + why.message() + advice)
      .on(session->target());
}

}  // namespace

std::string full_path(const Session& session, const std::string& path, bool sequential) {
  if (session.chroot().empty()) return path;
  return path == "/" && !sequential ? session.chroot() : session.chroot() + path;
}

void check_size(const Session& session, const Asked& asked, std::size_t bytes) {
  const auto most = session.options().max_request.bytes;
  if (bytes + kRequestOverhead <= most) return;
  throw Error("zk.too_large", text_of(asked) + ": " + std::to_string(bytes) +
                                  " bytes are more than a request may have (" + std::to_string(most) +
                                  "); the servers would close the connection (jute.maxbuffer). Keep less in it, or "
                                  "raise max_request together with theirs")
      .on(session.target());
}

Awaitable<Error> explain(Call& call, SessionPtr session, int code, Asked asked) {
  std::string message;
  if (code == ZNONODE) {
    try {
      message = co_await absent_text(call, session, asked.path);
    } catch (const Error&) {
      // What is there is a help, no part of the answer.
      message.clear();
    }
  }
  if (!message.empty()) co_return Error("zk.not_found", message).on(session->target());
  co_return Error(answer_error(code, asked)).on(session->target());
}

Awaitable<std::optional<Node>> find_node(Call& call, SessionPtr session, std::string path) {
  check_path(path);
  const auto full = full_path(*session, path);
  const auto reply = co_await session->ask(call, {"get", path}, Repeat::freely, [&](zhandle_t* handle, Reply* asked) {
    return zoo_aget(handle, full.c_str(), 0, Reply::on_data, asked);
  });
  if (reply->code == ZNONODE) co_return std::nullopt;
  if (reply->code != ZOK) {
    const Error error = co_await explain(call, session, reply->code, {"get", path});
    throw error;
  }
  co_return Node{std::move(path), std::move(reply->text), stat_from(reply->stat)};
}

Awaitable<Node> get_node(Call& call, SessionPtr session, std::string path) {
  auto node = co_await find_node(call, session, path);
  if (!node) {
    const Error error = co_await explain(call, session, ZNONODE, {"get", path});
    throw error;
  }
  co_return std::move(*node);
}

Awaitable<std::optional<NodeStat>> node_exists(Call& call, SessionPtr session, std::string path) {
  const auto reply = co_await ask_exists(call, session, path);
  if (reply->code == ZNONODE) co_return std::nullopt;
  if (reply->code != ZOK) {
    const Error error = co_await explain(call, session, reply->code, {"look at", path});
    throw error;
  }
  co_return stat_from(reply->stat);
}

Awaitable<std::vector<std::string>> get_children(Call& call, SessionPtr session, std::string path) {
  const auto reply = co_await ask_children(call, session, path);
  if (reply->code != ZOK) {
    const Error error = co_await explain(call, session, reply->code, {"list", path});
    throw error;
  }
  std::sort(reply->names.begin(), reply->names.end());
  co_return std::move(reply->names);
}

Awaitable<std::vector<AclEntry>> get_acl(Call& call, SessionPtr session, std::string path) {
  check_path(path);
  const auto full = full_path(*session, path);
  const Asked asked{"read the access list of", path};
  const auto reply = co_await session->ask(call, asked, Repeat::freely, [&](zhandle_t* handle, Reply* answer) {
    return zoo_aget_acl(handle, full.c_str(), Reply::on_acl, answer);
  });
  if (reply->code != ZOK) {
    const Error error = co_await explain(call, session, reply->code, asked);
    throw error;
  }
  co_return std::move(reply->acl);
}

Awaitable<NodeStat> set_node(Call& call, SessionPtr session, std::string path, std::string data, SetOptions options) {
  check_path(path);
  const Asked asked{"set", path};
  check_data(*session, asked, data);
  const auto full = full_path(*session, path);
  const auto reply = co_await session->ask(call, asked, Repeat::never, [&](zhandle_t* handle, Reply* answer) {
    return zoo_aset(handle, full.c_str(), data.data(), static_cast<int>(data.size()), options.version.value_or(-1),
                    Reply::on_stat, answer);
  });
  if (reply->code != ZOK) {
    const Error error = co_await explain(call, session, reply->code, asked);
    throw error;
  }
  co_return stat_from(reply->stat);
}

Awaitable<void> set_acl(Call& call, SessionPtr session, std::string path, Acl acl, SetOptions options) {
  check_path(path);
  const Asked asked{"set the access list of", path};
  const LibraryAcl library_acl(acl);
  const auto full = full_path(*session, path);
  const auto reply = co_await session->ask(call, asked, Repeat::never, [&](zhandle_t* handle, Reply* answer) {
    // The library does not change it; its signature is older than const.
    return zoo_aset_acl(handle, full.c_str(), options.version.value_or(-1), const_cast<ACL_vector*>(library_acl.get()),
                        Reply::on_void, answer);
  });
  if (reply->code != ZOK) {
    const Error error = co_await explain(call, session, reply->code, asked);
    throw error;
  }
}

Awaitable<std::string> create_node(Call& call, SessionPtr session, std::string path, std::string data,
                                   CreateOptions options) {
  check_path(path, options.sequential);
  if (options.tagged && tag_of(name_of(path)).empty()) path = join(parent_of(path), new_tag() + name_of(path));
  const Asked asked{"create", path};
  check_data(*session, asked, data);
  bool parents_made = false;
  while (true) {
    std::optional<Error> failed;
    try {
      const auto reply =
          co_await ask_create(call, session, asked, data, create_mode(options), options.acl, options.sequential);
      if (reply->code == ZOK) co_return without_chroot(*session, reply->text);
      if (reply->code != ZNONODE || !options.makepath || parents_made) {
        failed = co_await explain_create(call, session, reply->code, asked);
      }
    } catch (const Error& error) {
      failed = error;
    }
    if (!failed) {
      co_await ensure_path(call, session, parent_of(path), options.acl);
      parents_made = true;
      continue;
    }
    if (!options.tagged || failed->code() != "zk.connection_lost") {
      if (parents_made) failed->set_maybe_applied(true);
      throw Error(*failed);
    }
    const auto made = co_await find_lost(call, session, path, *failed);
    if (made) co_return *made;
  }
}

Awaitable<bool> delete_node(Call& call, SessionPtr session, std::string path, std::optional<std::int32_t> version) {
  check_path(path);
  const Asked asked{"delete", path};
  const auto full = full_path(*session, path);
  const auto reply = co_await session->ask(call, asked, Repeat::never, [&](zhandle_t* handle, Reply* answer) {
    return zoo_adelete(handle, full.c_str(), version.value_or(-1), Reply::on_void, answer);
  });
  if (reply->code == ZOK) co_return true;
  if (reply->code == ZNONODE && !version) co_return false;
  const Error error = co_await explain(call, session, reply->code, asked);
  throw error;
}

// From the bottom: mostly the node, or the one above it, is there.
Awaitable<void> ensure_path(Call& call, SessionPtr session, std::string path, Acl acl) {
  check_path(path);
  std::vector<std::string> missing{path};
  bool some_made = false;
  while (!missing.empty() && missing.back() != "/") {
    const Asked asked{"create", missing.back()};
    std::optional<Error> failed;
    try {
      const auto reply = co_await ask_create(call, session, asked, {}, ZOO_PERSISTENT, acl, false);
      some_made = some_made || reply->code == ZOK;
      if (reply->code == ZOK || reply->code == ZNODEEXISTS) {
        missing.pop_back();
      } else if (reply->code == ZNONODE && parent_of(missing.back()) != "/") {
        missing.push_back(parent_of(missing.back()));
      } else {
        failed = co_await explain_create(call, session, reply->code, asked);
      }
    } catch (const Error& error) {
      failed = error;
    }
    if (!failed) continue;
    if (some_made) failed->set_maybe_applied(true);
    throw Error(*failed);
  }
}

Awaitable<void> sync(Call& call, SessionPtr session, std::string path) {
  check_path(path);
  const Asked asked{"sync", path};
  const auto full = full_path(*session, path);
  const auto reply = co_await session->ask(call, asked, Repeat::freely, [&](zhandle_t* handle, Reply* answer) {
    return zoo_async(handle, full.c_str(), Reply::on_string, answer);
  });
  if (reply->code != ZOK) {
    const Error error = co_await explain(call, session, reply->code, asked);
    throw error;
  }
}

}  // namespace opshost::zk
