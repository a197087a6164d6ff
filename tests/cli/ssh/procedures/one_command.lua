-- One step whose command must not run twice.
local procedure = require "ops.procedure"
local ssh = require "ssh"
local param = procedure.param

return procedure.define {
  summary = "One command", api = 1,
  params = {
    line = param.string { doc = "what the host's shell runs" },
    job = param.string { default = "", doc = "run it as a job of that name, and wait for it" },
    timeout = param.duration { default = "20s", doc = "the step's" },
  },
  uses = { ssh = "change" },
  run = function(ctx, p)
    local host = ssh.connect {
      host = "127.9.0.1", port = tonumber(os.getenv "LAB_SSH_PORT"), user = os.getenv "LAB_SSH_KEY_USER",
      key = os.getenv "LAB_SSH_KEY", known_hosts = os.getenv "LAB_SSH_KNOWN_HOSTS",
    }
    ctx:step("work", { timeout = p.timeout, run = function()
      if p.job == "" then
        host:run({ "sh", "-c", p.line })
      else
        host:start_job(p.job, { "sh", "-c", p.line }):wait_exited { every = "50ms" }
      end
    end })
  end,
}
