-- Reads an Ark site as it is now, through Swarm's API, which sees the containers of every host. Changes nothing.
local answers = require "ark.answers"
local container_class = require "ark.container_class"
local ops = require "ops"
local pairs_of_databases = require "ark.pairs"
local site = require "ark.site"

local M = {}

-- What a container may answer with instead of what it was asked for: it ended, or its host is gone. Everything else is
-- an error of ours or of the whole cluster, and is raised.
local GONE = { "docker.not_found", "docker.not_running", "docker.exit", "docker.timeout", "docker.server",
  "docker.connection_lost" }

--- A command in a container: its result, or nil and what was wrong.
function M.ask(engine, container, command)
  local result, failure = ops.try(function()
    return engine:container(container.id):read(command, { accept = "any", timeout = "20s" })
  end, GONE)
  if failure then return nil, failure.message end
  return result
end

-- Swarm puts the host before the name: "host1/task_...".
local function place(summary, only_host)
  local host, name = summary.name:match("^([^/]+)/(.+)$")
  if host then return host, name end
  return only_host, summary.name
end

local function by_host_and_name(a, b)
  if a.host ~= b.host then return a.host < b.host end
  return a.name < b.name
end

--- Every container of the site, running or not: {id, host, name, image, command, labels, addresses, status, running}
--- and what ark.container_class says of it (class, why, component, product, number, pair).
function M.containers(engine)
  local only_host
  local list = {}
  for _, summary in ipairs(engine:containers({ all = true })) do
    if not summary.name:find("/", 1, true) then only_host = only_host or engine:info().Name end
    local host, name = place(summary, only_host)
    local container = {
      id = summary.id, host = host, name = name, image = summary.image, command = summary.command,
      labels = summary.labels, addresses = summary.addresses, status = summary.status,
      running = summary.status == "running",
    }
    for key, value in pairs(container_class.of(container)) do container[key] = value end
    list[#list + 1] = container
  end
  table.sort(list, by_host_and_name)
  return list
end

--- Those for which every given field has the given value: select(list, { class = "broker", host = "h1" }).
function M.select(containers, wanted)
  local found = {}
  for _, container in ipairs(containers) do
    local fits = true
    for field, value in pairs(wanted) do
      if container[field] ~= value then fits = false end
    end
    if fits then found[#found + 1] = container end
  end
  return found
end

--- The command that runs a statement in a database's container.
function M.client(statement)
  local words = {}
  for _, word in ipairs(site.commands.database_client) do words[#words + 1] = word end
  words[#words + 1] = "-e"
  words[#words + 1] = statement
  return words
end

-- The one port of a control database's server.
local function role_in(text)
  local _, role = next(answers.roles(text))
  return role
end

--- One side of a control database: role, whether its server runs, replication. A server that does not answer is a
--- state; why it could not be asked is in `error`.
function M.database_side(engine, container)
  local side = {
    container = container.name, host = container.host, id = container.id, container_runs = container.running,
    server_runs = false,
  }
  if not container.running then return side end
  local roles, problem = M.ask(engine, container, site.commands.database_role)
  side.error = problem
  if not roles or roles.exit_code ~= 0 then return side end
  side.server_runs = true
  side.role = role_in(roles.stdout)
  local status, status_problem = M.ask(engine, container, M.client("SHOW SLAVE STATUS\\G"))
  if not status or status.exit_code ~= 0 then
    side.error = status_problem or "its replication could not be asked: " .. status.stderr:gsub("%s+$", "")
    return side
  end
  side.replication = answers.replication(status.stdout)
  return side
end

--- Every control database pair in the order the site's file names them, judged by ark.pairs.
function M.databases(engine, containers)
  local found = M.select(containers, { class = "database" })
  local sides = ops.each(found, {}, function(container) return M.database_side(engine, container) end)
  local pairs_found = {}
  for _, pair in ipairs(site.databases) do
    local of_pair = {}
    for index, container in ipairs(found) do
      if container.pair == pair.name then of_pair[#of_pair + 1] = sides[index].value end
    end
    pairs_found[#pairs_found + 1] = pairs_of_databases.judge(pair.name, of_pair)
  end
  return pairs_found
end

--- What the name servers list: {brokers, asked, problems}. Every running one is asked, since one that lost its brokers
--- answers all the same; a broker counts when any of them lists it, and one that not all list (`everywhere`) is a
--- problem.
function M.brokers(engine, containers)
  local servers = M.select(containers, { component = site.components.name_server, running = true })
  local report = { brokers = {}, asked = {}, problems = {} }
  local listed_by = {}
  local results = ops.each(servers, {}, function(server)
    local result, problem = M.ask(engine, server, site.commands.brokers)
    if not result or result.exit_code ~= 0 then return { problem = problem or result.stderr:gsub("%s+$", "") } end
    return { brokers = answers.brokers(result.stdout) }
  end)
  for index, server in ipairs(servers) do
    local answer = results[index].value
    if answer.problem then
      report.problems[#report.problems + 1] = server.name .. ": " .. answer.problem
    else
      report.asked[#report.asked + 1] = server.name
      for _, broker in ipairs(answer.brokers) do
        if not listed_by[broker.address] then
          listed_by[broker.address] = 0
          report.brokers[#report.brokers + 1] = broker
        end
        listed_by[broker.address] = listed_by[broker.address] + 1
      end
    end
  end
  for _, broker in ipairs(report.brokers) do
    broker.everywhere = listed_by[broker.address] == #report.asked
    if not broker.everywhere then
      report.problems[#report.problems + 1] = broker.address .. " is not listed by every name server"
    end
  end
  if #report.asked == 0 then report.problems[#report.problems + 1] = "no name server could be asked" end
  return report
end

local function is_manager(container)
  return container.class == "base" and container.name:find(site.swarm_manager.name, 1, true) ~= nil
end

--- Whether one of the containers is a Swarm manager.
function M.have_manager(containers)
  for _, container in ipairs(containers) do
    if is_manager(container) then return true end
  end
  return false
end

--- The swarm managers: {container, host, running, servers, path}; servers are those of the ZooKeeper that its arguments
--- name.
function M.managers(engine, containers)
  local managers = {}
  for _, container in ipairs(containers) do
    if is_manager(container) then
      local document = engine:container(container.id):inspect()
      local servers, path = answers.discovery(document.Args or {})
      managers[#managers + 1] = {
        container = container.name, host = container.host, running = container.running, servers = servers, path = path,
      }
    end
  end
  return managers
end

--- Swarm's nodes: {name, address, healthy} each.
function M.hosts(engine) return answers.swarm_nodes(engine:info()) end

--- All of it: {hosts, containers, databases, brokers, managers}. What ZooKeeper says is in ark.ensembles.
function M.read(engine)
  local containers = M.containers(engine)
  local survey = { containers = containers }
  ops.group(function(group)
    group:spawn(function() survey.hosts = M.hosts(engine) end)
    group:spawn(function() survey.databases = M.databases(engine, containers) end)
    group:spawn(function() survey.brokers = M.brokers(engine, containers) end)
    group:spawn(function() survey.managers = M.managers(engine, containers) end)
  end)
  return survey
end

return M
