#pragma once
// What keeps the static build from reaching for shared objects of the machine it runs on.

namespace opshost {

/// To be called before anything else in main. Users, groups, hosts and services are then looked up in the machine's
/// files and DNS alone: a static program that obeys an nsswitch.conf naming more (systemd, sss, ldap) loads the
/// plug-ins of a foreign glibc and dies. Does nothing in a build against shared libraries.
void pin_static_runtime();

}  // namespace opshost
