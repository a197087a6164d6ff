#pragma once
// The client library's own types, for the few files that speak to it directly. Debian's package of its headers lacks
// one that its plugin header includes, so the plugin's structure, a fixed binary interface, is spelt out here.
#include <cstdarg>
#include <cstddef>

// clang-format off
// The order matters: ma_pvio.h uses types of mysql.h, and names the type of ma_tls.h by a macro.
#include <mysql.h>
#include <ma_pvio.h>
#undef MARIADB_TLS
#include <ma_tls.h>
#include <mysql/plugin_auth.h>
// clang-format on

namespace opshost::mysql {

/// st_mysql_client_plugin_AUTHENTICATION.
struct AuthenticationPlugin {
  int type = 2;  ///< MYSQL_CLIENT_AUTHENTICATION_PLUGIN
  unsigned interface_version = 0x0100;
  const char* name = "";
  const char* author = "opshost";
  const char* description = "";
  unsigned version[3] = {1, 0, 0};
  const char* license = "Apache-2.0";
  void* mysql_api = nullptr;
  int (*init)(char*, std::size_t, int, va_list) = nullptr;
  int (*deinit)() = nullptr;
  int (*options)(const char*, const void*) = nullptr;
  int (*authenticate)(MYSQL_PLUGIN_VIO*, MYSQL*) = nullptr;
  int (*hash_password)(MYSQL*, unsigned char*, std::size_t*) = nullptr;
};

/// Puts a message where the connection's error is taken from. Returns what a plugin returns then.
int refuse_handshake(MYSQL* mysql, const char* message);

}  // namespace opshost::mysql
