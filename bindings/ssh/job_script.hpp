#pragma once
#include <string>

namespace opshost::ssh {

/// What the host runs for jobs, in POSIX shell: sh -c SCRIPT opshost-job VERB NAME ARGUMENT...
/// Its first line of output is the job's state; see job_script.cpp.
extern const std::string kJobScript;

}  // namespace opshost::ssh
