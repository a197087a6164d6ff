-- Images, networks, and containers made anew.
local lab = require "docker_lab"
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local test = t.test

local engine = lab.engine()

test("images are listed, named, tagged and untagged", function()
  local image = engine:image(lab.image)
  t.truthy(image:id():find("^sha256:"), image:id())
  t.equal(image:inspect().Id, image:id())
  image:tag("test/copy:7")
  t.equal(#engine:images({ name = "test/copy" }), 1)
  t.equal(engine:images({ name = "test/copy" })[1].id, image:id())
  engine:image("test/copy:7"):delete()
  t.equal(engine:find_image("test/copy:7"), nil)
  t.raises("docker.not_found", 'no image "lab/busybax:1"; did you mean "lab/busybox:1"?',
    function() engine:image("lab/busybax:1") end)
end)

test("an image is loaded from a file; a broken file says what the engine says", function()
  local folder = machine.temp()
  local file = folder .. "/image.tar"
  engine:image(lab.image):tag("test/saved:1")
  machine.run({ "docker", "-H", lab.endpoint, "save", "-o", file, "test/saved:1" })
  engine:image("test/saved:1"):delete()
  t.equal(engine:load_image(file), { "test/saved:1" })
  engine:image("test/saved:1"):delete()
  machine.write_file(folder .. "/broken.tar", ("no tar at all "):rep(1000))
  local ok, failure = pcall(function() engine:load_image(folder .. "/broken.tar") end)
  t.equal(ok, false)
  t.truthy(failure.code == "docker.server" or failure.code == "docker.load_failed" or failure.code == "docker.invalid",
    tostring(failure))
  t.raises("docker.file", '"' .. folder .. '/none.tar" of this machine: No such file or directory',
    function() engine:load_image(folder .. "/none.tar") end)
end)

test("networks: list, inspect, connect with an address, disconnect", function()
  local network = engine:network(lab.network)
  t.equal(engine:networks({ name = lab.network })[1].subnets, { os.getenv("LAB_DOCKER_SUBNET") })
  lab.with_container({}, function(container)
    network:connect(container:name(), { ip = "10.94.0.88", aliases = { "db" } })
    t.equal(network:inspect().Containers[container:id()].IPv4Address, "10.94.0.88/24")
    t.equal(container:read(ops.shell "ip -4 addr | grep -c 10.94.0.88/").stdout, "1\n")
    network:disconnect(container:name())
    t.equal(network:inspect().Containers[container:id()], nil)
  end)
  t.raises("docker.not_found", 'no network "net49"; did you mean "net94"?', function() engine:network("net49") end)
end)

test("recreate keeps image, labels, environment, mounts, addresses, limits and policy", function()
  local name = lab.name("again")
  lab.with_container({
    name = name, labels = { role = "db" }, env = { A = "1", B = "2" }, network = lab.network, ip = "10.94.0.99",
    volumes = { "/tmp:/host/tmp:ro" }, config = { Volumes = { ["/data"] = {} } }, memory = "64MiB",
      restart = "unless-stopped",
    command = { "sleep", "900" },
  }, function(container)
    container:run(ops.shell "echo kept > /data/file")
    local before = container:inspect()
    local after_handle = container:recreate({ env = { B = "3", C = "4" }, grace = 0 })
    local ok, failure = pcall(function()
      local after = after_handle:inspect()
      t.truthy(after.Id ~= before.Id, "another id")
      t.equal({ after.Name, after.Config.Labels.role, after.HostConfig.Memory, after.HostConfig.RestartPolicy.Name },
        { before.Name, "db", 64 * 1024 * 1024, "unless-stopped" })
      t.equal(after.NetworkSettings.Networks[lab.network].IPAddress, "10.94.0.99")
      t.equal(after_handle:read(ops.shell "cat /data/file; echo $A $B $C").stdout, "kept\n1 3 4\n")
      t.equal(engine:find_container(before.Id), nil)
    end)
    after_handle:delete({ force = true, volumes = true })
    if not ok then error(failure, 0) end
  end)
end)

test("a container that cannot be made anew is put back", function()
  lab.with_container({}, function(container)
    local id = container:id()
    t.raises("docker.not_found", nil, function() container:recreate({ image = "no/such:image", grace = 0 }) end)
    t.equal(container:status().status, "running")
    -- A program that is not there is found out when it starts.
    local failure = t.raises("docker.recreate", nil, function()
      container:recreate({ env = { PATH = "/nowhere" }, grace = 0 })
    end)
    t.truthy(failure.message:find("the old one runs again", 1, true), failure.message)
    t.equal({ container:status().status, engine:container(container:name()):id() }, { "running", id })
  end)
end)
