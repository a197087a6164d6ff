#pragma once
// Access lists: the library's form and ours.
#include <zookeeper/zookeeper.h>

#include <string>
#include <vector>

#include "bindings/zk/records.hpp"

namespace opshost::zk {

/// "rwcda", as ZooKeeper's tools write it.
std::string permission_letters(int permissions);

/// The list in the library's form. Throws Error("usage.argument") for what no list can say.
class LibraryAcl {
 public:
  explicit LibraryAcl(const Acl& acl);
  LibraryAcl(const LibraryAcl&) = delete;
  LibraryAcl& operator=(const LibraryAcl&) = delete;

  [[nodiscard]] const ACL_vector* get() const { return &vector_; }

 private:
  std::vector<AclEntry> entries_;  // whose strings the other two point into
  std::vector<ACL> lines_;
  ACL_vector vector_{};
};

}  // namespace opshost::zk
