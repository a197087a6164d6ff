-- A container is made anew, and something goes wrong in the middle: what the error says, and what is put back.
local fake = require "fake_engine"
local ops = require "ops"
local t = require "testing"
local test = t.test

local ID, NEW = fake.ID, fake.NEW
local ASIDE = "web.old-" .. ID:sub(1, 12)
local OLD, MADE = "/v1.41/containers/" .. ID, "/v1.41/containers/" .. NEW
local NO_CONTENT = { status = 204 }

local function old(name, running)
  return { json = { Id = ID, Name = "/" .. name, Image = "sha256:1", State = { Running = running },
    Config = { Image = "img:1" }, HostConfig = { NetworkMode = "none" } } }
end

--- The answers of an engine where all goes well, with those of `differences` in place of them. What the test is of asks
--- for the old one three times before it sends anything: by name, and to make it anew.
local function answers(differences)
  local all = {
    ["GET /v1.41/containers/web/json"] = old("web", true),
    ["GET " .. OLD .. "/json"] = { old("web", true), old(ASIDE, false) },
    ["GET /v1.41/images/img%3A1/json"] = { json = { Id = "sha256:1" } },
    ["POST " .. OLD .. "/stop"] = NO_CONTENT,
    ["POST " .. OLD .. "/start"] = NO_CONTENT,
    ["POST " .. OLD .. "/rename"] = NO_CONTENT,
    ["DELETE " .. OLD] = NO_CONTENT,
    ["POST /v1.41/containers/create"] = { status = 201, json = { Id = NEW } },
    ["GET " .. MADE .. "/json"] = { json = { Id = NEW, Name = "/web", State = { Status = "created" } } },
    ["POST " .. MADE .. "/start"] = NO_CONTENT,
    ["DELETE " .. MADE] = NO_CONTENT,
  }
  for what, answer in pairs(differences) do all[what] = answer end
  return fake.modern(all)
end

--- fn(failure, changes, endpoint): the error that recreate ended with, and what it had the engine change.
local function failing(differences, code, message, changes)
  fake.with_engine(answers(differences), function(engine, asked, endpoint)
    local failure = t.raises(code, message, function() engine:container("web"):recreate({ grace = "1s" }) end)
    t.equal({ failure.target, failure.maybe_applied }, { endpoint, code ~= "docker.conflict" })
    t.equal(fake.changes(asked), changes)
  end)
end

local STOP = "POST /containers/" .. ID .. "/stop?t=1"
local RENAME = "POST /containers/" .. ID .. "/rename?name=" .. ASIDE
local RENAME_BACK = "POST /containers/" .. ID .. "/rename?name=web"
local CREATE = "POST /containers/create?name=web"
local START_NEW = "POST /containers/" .. NEW .. "/start"
local START_OLD = "POST /containers/" .. ID .. "/start"
local DELETE_NEW = "DELETE /containers/" .. NEW .. "?force=1&v=0"
local DELETE_OLD = "DELETE /containers/" .. ID .. "?force=1&v=0"

test("all goes well", function()
  fake.with_engine(answers({}), function(engine, asked)
    local made = engine:container("web"):recreate({ grace = "1s" })
    t.equal({ made:id(), made:name() }, { NEW, "web" })
    t.equal(fake.changes(asked), { STOP, RENAME, CREATE, START_NEW, DELETE_OLD })
  end)
end)

test("the first request is refused: nothing was done", function()
  failing({ ["POST " .. OLD .. "/stop"] = { status = 409, json = { message = "it is being removed" } } },
    "docker.conflict", "POST /containers/" .. ID .. "/stop was answered with status 409: it is being removed", { STOP })
end)

local LOST = "the connection was closed without an answer"

test("the answer to the stop is lost: what was stopped is started", function()
  failing({ ["POST " .. OLD .. "/stop"] = { drop = true }, ["GET " .. OLD .. "/json"] = { old("web", true),
    old("web", true), old("web", false) } }, "docker.recreate",
    "container web was not made anew: " .. LOST .. "; the old one runs again", { STOP, START_OLD })
end)

test("the answer to the stop is lost, and the engine never got it: nothing is started", function()
  failing({ ["POST " .. OLD .. "/stop"] = { drop = true }, ["GET " .. OLD .. "/json"] = old("web", true) },
    "docker.recreate", "container web was not made anew: " .. LOST .. "; the old one runs again", { STOP })
end)

test("the answer to the new name is lost: it gets its own back", function()
  failing({ ["POST " .. OLD .. "/rename"] = { { drop = true }, NO_CONTENT } }, "docker.recreate",
    "container web was not made anew: " .. LOST .. "; the old one runs again", { STOP, RENAME, RENAME_BACK, START_OLD })
end)

test("the answer to the making is lost: what was made goes again", function()
  failing({ ["POST /v1.41/containers/create"] = { drop = true },
    ["GET /v1.41/containers/web/json"] = { old("web", true), { json = { Id = NEW, Name = "/web",
      State = { Status = "created" } } } } }, "docker.recreate",
    "container web was not made anew: " .. LOST .. "; the old one runs again",
    { STOP, RENAME, CREATE, DELETE_NEW, RENAME_BACK, START_OLD })
end)

test("the name was taken by somebody else meanwhile: that one is left alone", function()
  local taken = { status = 409, json = { message = "the name is in use" } }
  failing({ ["POST /v1.41/containers/create"] = taken, ["POST " .. OLD .. "/rename"] = { NO_CONTENT, taken } },
    "docker.recreate",
    "container web was not made anew: POST /containers/create was answered with status 409: the name is in use; "
      .. "the old one could not be put back (POST /containers/" .. ID
      .. "/rename was answered with status 409: the name is in use): it is named " .. ASIDE .. " and does not run",
    { STOP, RENAME, CREATE, RENAME_BACK })
  failing({ ["POST /v1.41/containers/create"] = { drop = true },
    ["GET /v1.41/containers/web/json"] = { old("web", true), { json = { Id = NEW, Name = "/web",
      State = { Status = "running" } } } } }, "docker.recreate",
    "container web was not made anew: " .. LOST .. "; the old one could not be put back (another container has the "
      .. "name web now, and it runs or ran): it is named " .. ASIDE .. " and does not run", { STOP, RENAME, CREATE })
end)

test("the new one does not start, and the old one neither", function()
  local broken = { status = 500, json = { message = "no space left on device" } }
  failing({ ["POST " .. MADE .. "/start"] = broken, ["POST " .. OLD .. "/start"] = broken,
    ["GET " .. OLD .. "/json"] = { old("web", true), old(ASIDE, false), old("web", false) } }, "docker.recreate",
    "container web was not made anew: POST /containers/" .. NEW
      .. "/start was answered with status 500: no space left on device; the old one could not be put back (POST "
      .. "/containers/" .. ID .. "/start was answered with status 500: no space left on device): "
      .. "it is named web and does not run",
    { STOP, RENAME, CREATE, START_NEW, DELETE_NEW, RENAME_BACK, START_OLD })
end)

test("a further network does not take the new one: the old one is put back", function()
  local joined = old("web", true)
  joined.json.HostConfig.NetworkMode = "net7"
  joined.json.NetworkSettings = { Networks = {
    net7 = { IPAMConfig = { IPv4Address = "10.0.7.9" } },
    other = { IPAMConfig = { IPv4Address = "10.0.8.9" }, Aliases = { "db" } },
  } }
  local function networks(answer)
    return { ["GET " .. OLD .. "/json"] = { joined, old(ASIDE, false) },
      ["POST /v1.41/networks/other/connect"] = answer }
  end
  local CONNECT = "POST /networks/other/connect"
  failing(networks({ status = 403, json = { message = "address already in use" } }), "docker.recreate",
    "container web was not made anew: POST /networks/other/connect was answered with status 403: address already in "
      .. "use; the old one runs again", { STOP, RENAME, CREATE, CONNECT, DELETE_NEW, RENAME_BACK, START_OLD })
  fake.with_engine(answers(networks({ status = 200 })), function(engine, asked)
    engine:container("web"):recreate({ grace = "1s" })
    for _, request in ipairs(asked()) do
      if request.path:find("/connect$") then
        t.equal(require("data").from_json(request.body), { Container = NEW, EndpointConfig = {
          IPAMConfig = { IPv4Address = "10.0.8.9" }, Aliases = { "db" } } })
      end
    end
    t.equal(fake.changes(asked), { STOP, RENAME, CREATE, CONNECT, START_NEW, DELETE_OLD })
  end)
end)

test("the new one runs, the old one cannot be deleted", function()
  failing({ ["DELETE " .. OLD] = { status = 409, json = { message = "a removal is in progress" } } }, "docker.recreate",
    "container web was made anew, but the old one was not deleted: DELETE /containers/" .. ID
      .. " was answered with status 409: a removal is in progress; the new one runs; the old one is still there as "
      .. ASIDE, { STOP, RENAME, CREATE, START_NEW, DELETE_OLD })
end)

test("the old one is gone by itself: that is what was wanted", function()
  fake.with_engine(answers({ ["DELETE " .. OLD] = { status = 404, json = { message = "No such container" } } }),
    function(engine) t.equal(engine:container("web"):recreate():id(), NEW) end)
end)

test("the name of its image means another one by now: the id is taken", function()
  for _, moved in ipairs({ { json = { Id = "sha256:2" } }, { status = 404, json = { message = "No such image" } } }) do
    fake.with_engine(answers({ ["GET /v1.41/images/img%3A1/json"] = moved,
      ["GET /v1.41/images/sha256%3A1/json"] = { json = { Id = "sha256:1" } } }), function(engine, asked)
      engine:container("web"):recreate()
      local body
      for _, request in ipairs(asked()) do
        if request.path == "/v1.41/containers/create" then body = require("data").from_json(request.body) end
      end
      t.equal(body.Image, "sha256:1")
    end)
  end
end)

test("stopped by its deadline: the old one is put back, and the error says so", function()
  fake.with_engine(answers({ ["POST /v1.41/containers/create"] = { wait = 30 },
    ["GET /v1.41/containers/web/json"] = { old("web", true), { status = 404, json = { message = "none" } } } }),
    function(engine, asked)
      local container = engine:container("web")
      local failure = t.raises("deadline.exceeded", nil, function()
        ops.deadline("700ms", function() container:recreate({ grace = "1s" }) end)
      end)
      t.truthy(failure.message:find("the old one runs again", 1, true), failure.message)
      t.equal(failure.maybe_applied, true)
      t.equal(fake.changes(asked), { STOP, RENAME, CREATE, RENAME_BACK, START_OLD })
    end)
end)
