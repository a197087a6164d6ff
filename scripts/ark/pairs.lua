-- Whether a pair of databases is well, from what each side says.
local M = {}

local function name_of(side) return side.container .. " on " .. side.host end

local function thread_problem(side)
  local replication = side.replication
  if not replication then return "replicates from nobody" end
  if replication.errno then
    return ("does not replicate: error %d, %s"):format(replication.errno, replication.error or "no text")
  end
  if replication.connecting then return "does not reach " .. (replication.from or "its partner") end
  if not replication.io then return "has its receiving thread stopped" end
  if not replication.sql then return "has its applying thread stopped" end
  if not replication.lag then return "does not know how far behind it is" end
  if replication.lag > 0 then return ("is %d s behind"):format(replication.lag) end
  return nil
end

--- What is wrong with one side, nil for nothing. A side: {container, host, container_runs, server_runs, role,
--- replication, error}.
function M.side_problem(side)
  if not side.container_runs then return "its container does not run" end
  if side.error then return side.error end
  if not side.server_runs then return "its server does not run" end
  return thread_problem(side)
end

local function with_role(sides, role)
  local found = {}
  for _, side in ipairs(sides) do
    if side.role == role then found[#found + 1] = side end
  end
  return found
end

-- Whether none is writable follows only where both roles are known.
local function role_problem(writable, read_only)
  if #writable > 1 then return "both sides are writable" end
  if #read_only > 1 then return "no side is writable" end
  return nil
end

-- How it is laid out, which stopping and starting does not change.
local function layout_problem(sides)
  if #sides ~= 2 then return ("it has %d side%s instead of 2"):format(#sides, #sides == 1 and "" or "s") end
  if sides[1].host == sides[2].host then return "both sides are on " .. sides[1].host end
  return nil
end

--- {name, sides, writable, read_only, healthy, problems, layout}: writable and read_only are the side that is, nil
--- where none or both are; healthy means two sides on two hosts, one of them writable, both replicating and level.
--- layout is the one of the problems that tells where its sides are, nil for none.
function M.judge(name, sides)
  local problems = {}
  local function add(problem)
    if problem then problems[#problems + 1] = problem end
  end
  local layout = layout_problem(sides)
  add(layout)
  local writable, read_only = with_role(sides, "RW"), with_role(sides, "RO")
  add(role_problem(writable, read_only))
  for _, side in ipairs(sides) do
    local problem = M.side_problem(side)
    add(problem and name_of(side) .. ": " .. problem)
  end
  return {
    name = name,
    sides = sides,
    writable = #writable == 1 and writable[1] or nil,
    read_only = #read_only == 1 and read_only[1] or nil,
    healthy = #problems == 0,
    problems = problems,
    layout = layout,
  }
end

return M
