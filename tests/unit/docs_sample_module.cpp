#include "tests/unit/docs_sample_module.hpp"

#include <array>

#include "host/lua/record.hpp"

namespace opshost::docs::sample {

using namespace std::chrono_literals;

enum class Shape { lines, whole };
OPSHOST_ENUM(Shape, "How output is kept", (lines, "lines"), (whole, "whole"))

struct ReadOptions {
  Duration timeout = 60s;
  std::optional<std::string> cwd;
  std::map<std::string, std::string> env;
  Size max_output = 1_MiB;
  Shape shape = Shape::whole;
};
OPSHOST_RECORD(ReadOptions, "How to run a program", (timeout, "how long to wait for its end"),
               (cwd, "directory it starts in"), (env, "added to the environment"),
               (max_output, "kept of its output, the tail"), (shape, "what `stdout` becomes"))

struct JobResult {
  int exit_code = 0;
  std::string stdout;
  std::optional<std::string> signal;
};
OPSHOST_RECORD(JobResult, "How a program ended", (exit_code, "0 where it succeeded"), (stdout, "what it printed"),
               (signal, "what killed it"))

struct StopOptions {
  std::string reason;
  Duration grace = 10s;
};
OPSHOST_RECORD(StopOptions, "How to stop a job", (reason, "kept in the journal", required),
               (grace, "time to exit before SIGKILL"))

struct TimeoutDetail {
  std::string seen;
};
OPSHOST_RECORD(TimeoutDetail, "What a wait saw", (seen, "the last state"))

namespace {

using Function = std::shared_ptr<const FunctionInfo>;

const Type& job_type() {
  static const Type type{.kind = Kind::handle, .name = "Job", .doc = "One running program", .module = "machine"};
  return type;
}

const Type& line_callback() {
  static const Type type{.kind = Kind::callback, .name = "fun(string)"};
  return type;
}

Function read_function() {
  return std::make_shared<FunctionInfo>(
      FunctionInfo{.module = "machine",
                   .name = "read",
                   .doc = "Run a program that only looks, and wait for its end",
                   .params = {{"argv", "the program and its arguments", &type_of<std::vector<std::string>>()},
                              {"options", "", &type_of<ReadOptions>()}},
                   .result = &type_of<JobResult>(),
                   .raises = {"machine.failed", "machine.timeout"},
                   .timeout = 60s,
                   .waits = true,
                   .example = "local machine = require \"machine\"\nprint(machine.read({\"uname\"}).stdout)\n"});
}

Function start_function() {
  return std::make_shared<FunctionInfo>(
      FunctionInfo{.module = "machine",
                   .name = "start_job",
                   .doc = "Start a program and leave it running",
                   .params = {{"argv", "the program and its arguments", &type_of<std::vector<std::string>>()},
                              {"on_line", "called for each line it prints", &detail::optional_type(line_callback())}},
                   .result = &job_type(),
                   .result_doc = "the running program",
                   .effect = Effect::change,
                   .touches = "this machine",
                   .waits = true});
}

Function jobs_function() {
  return std::make_shared<FunctionInfo>(FunctionInfo{
      .module = "machine", .name = "list", .doc = "Every job of this run", .result = &detail::stream_type(job_type())});
}

Function stop_method() {
  return std::make_shared<FunctionInfo>(FunctionInfo{.module = "machine",
                                                     .owner = "Job",
                                                     .name = "stop",
                                                     .doc = "End it gracefully",
                                                     .params = {{"options", "", &type_of<StopOptions>()}},
                                                     .effect = Effect::change,
                                                     .raises = {"machine.timeout"},
                                                     .repeatable = true,
                                                     .touches = "job",
                                                     .timeout = 15s,
                                                     .waits = true});
}

Function delete_method() {
  return std::make_shared<FunctionInfo>(FunctionInfo{.module = "machine",
                                                     .owner = "Job",
                                                     .name = "delete",
                                                     .doc = "Take away all it left behind",
                                                     .effect = Effect::destroy,
                                                     .touches = "job"});
}

ModuleInfo make_module() {
  return {.name = "machine",
          .summary = "Programs of this machine",
          .doc = "Programs run without a shell.\n\nA result is kept:\n\n- its output\n- its exit code",
          .example = "local machine = require \"machine\"\nmachine.read({\"true\"})\n",
          .functions = {read_function(), start_function(), jobs_function()},
          .handles = {{&job_type(), {stop_method(), delete_method()}}},
          .types = {&type_of<ReadOptions>(), &type_of<JobResult>()},
          .errors = {{"machine.failed", "the program ended with a code that was not accepted",
                      "read its output; give `accept` where the code is fine", &type_of<JobResult>()},
                     {"machine.timeout", "the program did not end in time",
                      "give it more time, or find out why it hangs", &type_of<TimeoutDetail>()}}};
}

}  // namespace

std::span<const ModuleInfo> modules() {
  static const std::array<ModuleInfo, 1> all{make_module()};
  return all;
}

std::span<const ErrorInfo> common_errors() {
  static const std::array<ErrorInfo, 1> all{
      ErrorInfo{"cancelled", "the group this call belongs to was stopped", "look for the error that stopped it"}};
  return all;
}

const Catalog& catalog() {
  static const Catalog all(modules(), common_errors());
  return all;
}

}  // namespace opshost::docs::sample
