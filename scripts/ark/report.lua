-- A survey as text for a person.
local M = {}

--- Rows of words as aligned columns, the first row being the titles. A cell that is nil is shown as "-".
function M.columns(rows, width)
  local widths = {}
  for _, row in ipairs(rows) do
    for i = 1, width do widths[i] = math.max(widths[i] or 0, #tostring(row[i] or "-")) end
  end
  local lines = {}
  for _, row in ipairs(rows) do
    local cells = {}
    for i = 1, width do
      local cell = tostring(row[i] or "-")
      cells[i] = i == width and cell or cell .. (" "):rep(widths[i] - #cell)
    end
    lines[#lines + 1] = table.concat(cells, "  ")
  end
  return table.concat(lines, "\n")
end

local CLASSES = { "base", "database", "broker", "drds_server", "middleware", "unknown" }

local function hosts(survey)
  local rows = {
    { "host", "address", "state", "base", "database", "broker", "drds", "middleware", "unknown", "stopped" },
  }
  for _, host in ipairs(survey.hosts) do
    local counts = {}
    local stopped = 0
    for _, container in ipairs(survey.containers) do
      if container.host == host.name then
        counts[container.class] = (counts[container.class] or 0) + 1
        if not container.running then stopped = stopped + 1 end
      end
    end
    local row = { host.name, host.address, host.healthy and "healthy" or "DOES NOT ANSWER" }
    for _, class in ipairs(CLASSES) do row[#row + 1] = counts[class] or 0 end
    row[#row + 1] = stopped
    rows[#rows + 1] = row
  end
  return M.columns(rows, 10)
end

local function not_running(survey)
  local rows = { { "host", "container", "class", "state" } }
  for _, container in ipairs(survey.containers) do
    if not container.running then
      rows[#rows + 1] = { container.host, container.name, container.class, container.status }
    end
  end
  return #rows > 1 and M.columns(rows, 4) or nil
end

local function unknown(survey)
  local rows = { { "host", "container", "why it has no class" } }
  for _, container in ipairs(survey.containers) do
    if container.class == "unknown" then rows[#rows + 1] = { container.host, container.name, container.why } end
  end
  return #rows > 1 and M.columns(rows, 3) or nil
end

local function side_text(side)
  return side and side.host .. "/" .. side.container or nil
end

local function databases(survey)
  local rows = { { "pair", "writable side", "read-only side", "state" } }
  for _, pair in ipairs(survey.databases) do
    rows[#rows + 1] = {
      pair.name, side_text(pair.writable), side_text(pair.read_only),
      pair.healthy and "well" or "NOT WELL",
    }
  end
  local text = M.columns(rows, 4)
  for _, pair in ipairs(survey.databases) do
    for _, problem in ipairs(pair.problems) do text = text .. "\n" .. pair.name .. ": " .. problem end
  end
  return text
end

local function brokers(survey)
  local rows = { { "cluster", "broker", "id", "address" } }
  for _, broker in ipairs(survey.brokers.brokers) do
    rows[#rows + 1] = { broker.cluster, broker.name, broker.id, broker.address }
  end
  local text = M.columns(rows, 4)
  for _, problem in ipairs(survey.brokers.problems) do text = text .. "\n" .. problem end
  return text
end

local function ensembles(survey)
  local rows = { { "ensemble", "server", "mode", "state" } }
  for _, ensemble in ipairs(survey.ensembles) do
    local state = ensemble.health.quorum and "has a quorum" or "HAS NO QUORUM"
    for _, server in ipairs(ensemble.health.servers) do
      rows[#rows + 1] = { ensemble.name, server.server, server.mode, state }
      state = ""
    end
  end
  return M.columns(rows, 4)
end

local function managers(survey)
  local rows = { { "host", "swarm manager", "state" } }
  for _, manager in ipairs(survey.managers) do
    rows[#rows + 1] = { manager.host, manager.container, manager.running and "runs" or "STOPPED" }
  end
  return M.columns(rows, 3)
end

--- The whole survey; what there is nothing to say about is left out.
function M.text(survey)
  local parts = {
    hosts(survey), managers(survey), ensembles(survey), databases(survey), brokers(survey),
  }
  parts[#parts + 1] = not_running(survey)
  parts[#parts + 1] = unknown(survey)
  return (table.concat(parts, "\n\n"):gsub(" +\n", "\n"))
end

return M
