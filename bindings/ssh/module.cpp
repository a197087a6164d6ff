#include "bindings/ssh/module.hpp"

#include "bindings/ssh/errors.hpp"
#include "bindings/ssh/host.hpp"
#include "bindings/ssh/scan.hpp"
#include "bindings/ssh/tracked.hpp"

namespace opshost::ssh {

namespace {

using namespace lua;

Awaitable<std::shared_ptr<Host>> connect(Call& call, ConnectOptions options) {
  co_return std::make_shared<Host>(Connection::shared(call.executor(), options));
}

const Raises kConnecting{
    "ssh.unreachable", "ssh.protocol", "ssh.host_key_unknown", "ssh.host_key_changed", "ssh.auth", "ssh.key",
    "ssh.agent",       "ssh.config",   "ssh.known_hosts",      "ssh.channel",          "ssh.lost"};
const Raises kRunning{"ssh.exit", "ssh.signal", "ssh.timeout", "ssh.cwd", "ssh.as_user"};

// It is `connect_timeout` that ends a scan, which may be any time.
constexpr Duration kScanTimeout = std::chrono::minutes(10);
constexpr Duration kFollowTimeout = std::chrono::seconds(60);

const Raises kFiles{"ssh.not_found", "ssh.permission", "ssh.wrong_type", "ssh.file"};

void declare_reading(HandleBuilder<Host>& host) {
  host.observe("read_file", &Host::read_file, {{"path", "the file"}, {"options", "how to read it"}},
               "Read a whole file", kConnecting, kFiles, Raises{"ssh.too_large"}, Returns{"its bytes"});
  host.observe("stat", &Host::stat, {{"path", "the file, directory or link"}, {"options", "how to look"}},
               "Tell type, size, owner and mode of a path", kConnecting, kFiles);
  host.observe("exists", &Host::exists, {{"path", "the file, directory or link"}},
               "Tell whether a path leads to something, and to what", kConnecting, kFiles,
               Returns{"nil where nothing is"});
  host.observe("list", &Host::list, {{"path", "the directory"}, {"options", "what of it"}}, "List a directory, by name",
               kConnecting, kFiles, Raises{"ssh.too_large"});
  host.observe("checksum", &Host::checksum, {{"path", "the file"}, {"options", "which checksum"}},
               "Compute the checksum of a file, on the host", kConnecting, kFiles, Raises{"ssh.checksum"},
               Returns{"its digits, in lower case"});
  host.observe("get", &Host::get,
               {{"path", "the file there"}, {"local_path", "where it goes here"}, {"options", "how to copy it"}},
               "Copy a file from the host to this machine, replacing it at once", kConnecting, kFiles,
               Raises{"ssh.local_file", "ssh.checksum", "ssh.timeout"});
}

void declare_writing(HandleBuilder<Host>& host) {
  host.change("write_file", &Host::write_file,
              {{"path", "the file"}, {"content", "its new bytes"}, {"options", "its mode"}},
              "Replace a file's content at once: readers see the old or the new", Repeatable{}, kConnecting, kFiles,
              Raises{"ssh.no_space"});
  host.change("put", &Host::put,
              {{"local_path", "the file here"}, {"path", "where it goes there"}, {"options", "how to copy it"}},
              "Copy a file from this machine to the host, replacing it at once", Repeatable{}, kConnecting, kFiles,
              Raises{"ssh.no_space", "ssh.local_file", "ssh.checksum", "ssh.timeout"});
  host.change("mkdir", &Host::mkdir, {{"path", "the directory"}, {"options", "mode, parents"}},
              "Make a directory, unless it exists", Repeatable{}, kConnecting, kFiles);
  host.change("temp", &Host::temp, {{"options", "what kind of place"}},
              "Make a temporary directory or file of an unused name; it stays until it is deleted", Repeatable{},
              kConnecting, kFiles, Returns{"its path"});
  host.change("chmod", &Host::chmod, {{"path", "the file or directory"}, {"mode", "\"0644\""}},
              "Set the permissions of a path", Repeatable{}, kConnecting, kFiles);
  host.destroy("delete", &Host::delete_path, {{"path", "the file, link or directory"}, {"options", "recursive or not"}},
               "Delete a file or directory, unless it is gone", Repeatable{}, kConnecting, kFiles,
               Raises{"ssh.not_empty"});
}

void declare_forwards(Module& module, HandleBuilder<Host>& host) {
  host.observe("forward", &Host::forward, {{"options", "from where to where"}},
               "Lead a port of this machine to one that the host can reach, until it is closed", kConnecting,
               Raises{"ssh.local_port"});
  module.type<Forward>("Forward", "A port of this machine that leads to one that a host can reach", &Forward::subject)
      .closes(&Forward::close)
      .observe("port", &Forward::port, {}, "The port that it listens on");
  module.error("ssh.local_port", "a port of this machine cannot be listened on",
               "take another, or none: local_port = 0");
}

void declare_jobs(Module& module, HandleBuilder<Host>& host) {
  host.change(
      "start_job", &Host::start_job,
      {{"name", "asked for later"}, {"command", "the program and its arguments"}, {"options", "how to start it"}},
      "Begin a command that goes on by itself, unless one of that name has begun", kConnecting,
      Raises{"ssh.job_unknown"}, Returns{"the job"});
  host.observe("job", &Host::job, {{"name", "it was begun under"}, {"options", "whose it is"}},
               "A job of this host; nothing is asked yet");
  module.type<Job>("Job", "A command that the host keeps pid, output and exit code of", &Job::subject)
      .observe("status", &Job::status, {}, "Tell what became of it", kConnecting, Raises{"ssh.job_unknown"})
      .observe("wait_exited", &Job::wait_exited, {{"options", "how long"}}, "Wait for its end", kConnecting,
               Raises{"ssh.exit", "ssh.job_unknown", "wait.timeout"}, Returns{"what it answered"})
      .observe("follow", &Job::follow, {{"options", "how long"}},
               "What it writes, from its beginning on, until its end", kConnecting, Raises{"ssh.job_unknown"},
               Timeout{kFollowTimeout}, Returns{"its lines, of stdout and stderr"})
      .change("stop", &Job::stop, {{"options", "how long it gets"}}, "End it with everything it started", Repeatable{},
              kConnecting, Raises{"ssh.job_unknown"}, Returns{"what became of it"})
      .destroy("delete", &Job::forget, {}, "Let the host forget it and its output", Repeatable{}, kConnecting,
               Raises{"ssh.job_running", "ssh.job_unknown"});
  module.error("ssh.job_unknown", "the host cannot tell what became of a job", "look there what it has done");
  module.error("ssh.job_running", "the job runs", "stop it first");
}

void declare_host(Module& module) {
  auto host = module.type<Host>(
      "Host",
      "A host reached by SSH. Opened on first use; handles with the same arguments share one connection, "
      "which ends with the last of them",
      &Host::subject);
  host.also<net::Route>()
      .closes(&Host::close)
      .observe("alive", &Host::alive, {}, "Connect; false where it is refused, unroutable or silent", kConnecting)
      .observe("read", &Host::read, {{"command", "the program and its arguments"}, {"options", "how to run it"}},
               "Run a command that only reads; a plan runs it too", kConnecting, kRunning, Returns{"what it answered"})
      .change("run", &Host::run, {{"command", "the program and its arguments"}, {"options", "how to run it"}},
              "Run a command that changes something; a plan only shows it", kConnecting, kRunning,
              Returns{"what it answered"});
  declare_reading(host);
  declare_writing(host);
  declare_jobs(module, host);
  declare_forwards(module, host);
}

void declare_file_errors(Module& module) {
  module.error<FileFailure>("ssh.not_found", "the file or directory does not exist there", "correct the path");
  module.error<FileFailure>("ssh.permission", "the login may not", "log in as another user, or change the permissions");
  module.error("ssh.wrong_type", "a directory stands where a file is needed, or the other way round",
               "correct the path");
  module.error<FileFailure>("ssh.no_space", "the file system there is full", "make room, then run it again");
  module.error("ssh.too_large", "there is more than the limit lets into memory",
               "raise the limit the message names, or copy it with `get`");
  module.error("ssh.not_empty", "a directory with something in it was to be deleted",
               "say recursive = true if all of it shall go");
  module.error<FileFailure>("ssh.file", "the server refused for another reason", "the message has its words");
  module.error("ssh.local_file", "a file of this machine cannot be read or written", "the message says why");
  module.error("ssh.checksum", "both sides of a copy differ, or the host computes no checksum",
               "the message says which; copy it again, install coreutils there, or say checksum = false");
}

void declare_connection_errors(Module& module) {
  module.error<ConnectionFailure>("ssh.unreachable", "the host refuses connections, is unroutable or does not answer",
                                  "look at host and port in the message, at the network and at its sshd");
  module.error<ConnectionFailure>("ssh.protocol", "what answers speaks no SSH, or none we can agree with it on",
                                  "the message has what it said; correct host and port");
  module.error<ConnectionFailure>("ssh.host_key_unknown", "the host key is in no known_hosts file",
                                  "compare the fingerprint in the message, then store it: opshost hosts scan");
  module.error<ConnectionFailure>("ssh.host_key_changed", "the host shows another key than the one that is known",
                                  "ask who runs it; delete the old line only when it was reinstalled");
  module.error<ConnectionFailure>("ssh.auth", "the server does not let us log in",
                                  "the message has what was tried and what it takes");
  module.error("ssh.key", "a private key cannot be used", "the message says why: its file, mode, passphrase or type");
  module.error("ssh.agent", "the SSH agent does not help", "look at SSH_AUTH_SOCK; ssh-add -l asks it by hand");
  module.error("ssh.config", "ssh_config has a value that cannot be one", "correct the line that the message names");
  module.error("ssh.known_hosts", "a known_hosts file cannot be read or written", "correct its owner and mode");
  module.error("ssh.channel", "the server opens no channel for us", "look at MaxSessions and AllowTcpForwarding there");
  module.error("ssh.lost", "the connection was lost", "look whether what was sent happened, then run it again");
  module.error("ssh.library", "libssh2 cannot be used", "the message has its words");
  module.error("ssh.system", "this machine has no memory, descriptor or random bytes left",
               "the message has its words");
}

void declare_command_errors(Module& module) {
  module.error<CommandResult>("ssh.exit", "the command ended with an exit code that was not accepted",
                              "read its stderr in the message; list the code in `accept` where it is an answer");
  module.error<CommandResult>("ssh.signal", "the command was ended by a signal that was not ours",
                              "look for who sent it: the out-of-memory killer, an administrator, a crash");
  module.error<StoppedCommand>("ssh.timeout", "there was no answer within `timeout`; the command was ended",
                               "give it more time with `timeout`, or find out what it waits for");
  module.error<CommandResult>("ssh.cwd", "the directory to start in cannot be entered", "correct `cwd`");
  module.error("ssh.as_user", "sudo does not let us become that user",
               "look at sudoers there, and at as_user_password");
}

}  // namespace

void declare(Module& module) {
  module.doc(
      "Commands, files and forwarded ports of other machines. Host keys are verified; a key that changed is always an "
      "error. Commands are lists of words, quoted for the login's shell there, which has to be a POSIX one. An error "
      "names login and host, and how far it got (config, connect, key exchange, host key, auth, channel, command) "
      "unless "
      "it tells what the host answered to a command or of a file.");
  module.example(
      "local ssh = require \"ssh\"\n"
      "local host = ssh.connect{ host = \"db1.example\", user = \"ops\" }\n"
      "print(host)");
  module.observe("connect", connect, {{"options", "which host, and how"}}, "A host; it is connected to on first use",
                 Raises{"usage.argument"}, Returns{"the host"});
  module.observe("host_keys", host_keys, {{"options", "whose"}},
                 "What host keys a machine shows, and whether known_hosts has them", kConnecting,
                 Raises{"usage.argument"}, Timeout{kScanTimeout}, Returns{"its keys; none of them is stored"});
  declare_host(module);
  module.observe("ask_tracked", ask_tracked, {{"note", "the journal's"}, {"options", "how long"}},
                 "Ask what became of a command", Hidden{});
  module.observe("forget_tracked", forget_tracked, {{"note", "the journal's"}}, "Let the host forget a command",
                 Hidden{});
  declare_connection_errors(module);
  declare_command_errors(module);
  declare_file_errors(module);
}

}  // namespace opshost::ssh
