-- Old versions of the API: what old engines were asked, asked of this one.
local lab = require "docker_lab"
local ops = require "ops"
local t = require "testing"
local test = t.test

for _, version in ipairs({ "1.23", "1.24", "1.25", "1.30", "1.35", "1.40", "1.41" }) do
  test("API " .. version, function()
    local engine = lab.engine({ api_version = version })
    t.equal(engine:version().spoken, version)
    lab.with_container({ engine = engine, labels = { version = version } }, function(container)
      t.equal(#engine:containers({ label = "version=" .. version, status = "running" }), 1)
      local result = container:run(ops.shell "echo $WORD; pwd; cat", { env = { WORD = "word" }, cwd = "/tmp",
        stdin = "in" })
      t.equal(result.stdout, "word\n/tmp\nin")
      container:write_file("/tmp/file", "text")
      t.equal(container:read_file("/tmp/file"), "text")
      t.equal(engine:images({ name = lab.image })[1].tags[1], lab.image)
      container:stop({ grace = 0 })
      t.equal(container:wait_exited().status, "exited")
    end)
  end)
end
