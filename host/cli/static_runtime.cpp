#include "host/cli/static_runtime.hpp"

#ifdef OPSHOST_STATIC

#include <netdb.h>
#include <nss.h>

namespace {
// Every database that glibc reads nsswitch.conf for.
constexpr const char* kFileDatabases[] = {"passwd",    "group",    "shadow", "gshadow",   "initgroups", "services",
                                          "protocols", "networks", "rpc",    "publickey", "netgroup",   "ethers"};
constexpr const char* kNoSharedObjects = "this opshost is one static file, it loads no shared objects";
}  // namespace

// The link wraps these (--wrap in cmake/StaticLink.cmake): glibc's own would load objects built for another glibc.
extern "C" {
void* __wrap_dlopen(const char* file, int mode);
char* __wrap_dlerror();

void* __wrap_dlopen(const char* /*file*/, int /*mode*/) { return nullptr; }
// dlerror's type is char*, though nobody may write to what it points to.
char* __wrap_dlerror() { return const_cast<char*>(kNoSharedObjects); }
}

namespace opshost {
void pin_static_runtime() {
  for (const char* database : kFileDatabases) __nss_configure_lookup(database, "files");
  __nss_configure_lookup("hosts", "files dns");
}
}  // namespace opshost

#else

namespace opshost {
void pin_static_runtime() {}
}  // namespace opshost

#endif
