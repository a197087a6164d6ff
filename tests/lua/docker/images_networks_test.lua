-- Images and networks.
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
  t.raises("docker.load_failed", "the engine could not load the images: Error processing tar file(exit status 1): "
    .. "archive/tar: invalid tar header", function() engine:load_image(folder .. "/broken.tar") end)
  -- As a copy that broke off.
  machine.run({ "truncate", "-s", "100000", file })
  t.raises("docker.load_failed", "the engine could not load the images: Error processing tar file(exit status 1): "
    .. "unexpected EOF", function() engine:load_image(file) end)
  t.equal(engine:find_image("test/saved:1"), nil)
  t.raises("docker.file", '"' .. folder .. '/none.tar" of this machine: No such file or directory',
    function() engine:load_image(folder .. "/none.tar") end)
end)

test("an image that a container was made from is not deleted", function()
  -- With another name left, only the name would go.
  lab.with_container({ create_only = true }, function(source)
    machine.run({ "docker", "-H", lab.endpoint, "commit", source:name(), "test/used:1" })
  end)
  local image = engine:image("test/used:1")
  lab.with_container({ image = "test/used:1", create_only = true }, function(container)
    local function short(id) return (id:gsub("^sha256:", ""):sub(1, 12)) end
    local failure = t.raises("docker.conflict", "DELETE /images/test%2Fused%3A1 was answered with status 409: "
      .. 'conflict: unable to remove repository reference "test/used:1" (must force) - container '
      .. short(container:id()) .. " is using its referenced image " .. short(image:id()), function() image:delete() end)
    t.equal({ failure.detail.status, failure.maybe_applied }, { 409, false })
  end)
  image:delete()
  t.equal(engine:find_image("test/used:1"), nil)
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
  t.raises("docker.not_found", 'no container "nobody-of-this-name"',
    function() network:connect("nobody-of-this-name") end)
  engine:create({ image = lab.image, name = "test-nearest-name" })
  local ok, failure = pcall(function()
    for _, call in ipairs({ "connect", "disconnect" }) do
      local refused = t.raises("docker.not_found", 'no container "test-nearest-nam"; did you mean "test-nearest-name"?',
        function() network[call](network, "test-nearest-nam") end)
      t.equal(refused.detail.status, 404)
    end
  end)
  engine:container("test-nearest-name"):delete()
  if not ok then error(failure, 0) end
  t.raises("docker.not_found", 'no network "net49"; did you mean "net94"?', function() engine:network("net49") end)
end)
