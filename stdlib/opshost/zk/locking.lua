-- Running a function under a ZooKeeper lock: its fibers stand still while the lock is in doubt, and are stopped when it
-- is lost.
local native = ...

local raw_pcall, raw_error = native.pcall, error

local locking = {}

local function pack(...)
  return { n = select("#", ...), ... }
end

--- Keeps `hold` as the lock stands; ends when it is lost, or told to stop. Returns why it is lost.
local function look_after(hidden, place, hold)
  local known = "held"
  while true do
    local ok, news = raw_pcall(hidden.lock_news, place, known)
    if not ok then
      if native.is_stop(news) then return nil end
      return news.message or tostring(news)
    end
    if news.state == "lost" then return news.why end
    known = news.state
    native.set_hold(hold, known == "suspended")
  end
end

--- Runs fn(lock) in a fiber of its own beside one that looks after the lock.
local function run_under(hidden, place, hold, fn, lock)
  local body, guard = native.group(), native.group()
  local outcome, lost
  native.spawn(guard, function()
    lost = look_after(hidden, place, hold)
    if lost then native.stop(body) end
    native.set_hold(hold, false)
  end)
  native.spawn(body, function()
    native.enter_hold(hold)
    outcome = pack(raw_pcall(fn, lock))
  end)
  local joined, stopped = raw_pcall(native.join, body, 0)
  native.stop(guard)
  raw_pcall(native.join, guard, 0)
  return outcome, lost, not joined and stopped or nil
end

-- In seconds, what nothing stops while it lasts, since a node of ours would be left behind: no deadline is overrun by
-- more.
local TAKING_A_PLACE = { least = 1, most = 10 }
local GIVING_IT_BACK = 30
-- Somebody else has the lock by now, or is about to: no reason to let the script wait for its error.
local GIVING_UP = 3

--- Out of time, the host puts its own error around the one that names the node.
local function that_names_the_node(failure)
  local cause = native.is_error(failure) and failure.cause
  return cause and cause.code == "zk.lock_left" and cause or failure
end

--- Gives the place back, whatever stops us. Returns nothing, or the error.
local function leave(hidden, place, time)
  native.shield()
  local ok, failure = raw_pcall(hidden.lock_leave, place, { timeout = time })
  native.unshield()
  return not ok and that_names_the_node(failure) or nil
end

-- A place is a node that keeps the lock as long as our session lives: once it may have been made, nothing stops us
-- before we know its name, and can give it back. Whatever may take long comes before.
local function enter(hidden, client, path, options, give_up)
  hidden.lock_prepare(client, path, options.acl, { timeout = options.timeout })
  local left = give_up - native.now()
  local time = math.max(TAKING_A_PLACE.least, math.min(left, TAKING_A_PLACE.most))
  native.shield()
  local ok, place = raw_pcall(hidden.lock_enter, client, path, options.owner or hidden.lock_owner(), options.acl,
    { timeout = time })
  native.unshield()
  if not ok then raw_error(that_names_the_node(place), 0) end
  return place
end

local function lost_error(path, why, cause, left)
  local is_error = native.is_error(cause)
  -- Lost by our clock, it may still be ours by the servers'.
  local kept = left and left.code == "zk.lock_left" and ". Besides, " .. left.message or ""
  return native.new_error("zk.lock_lost", "the lock " .. native.describe(path) .. " was lost while its function ran: "
    .. why .. ". The function was stopped where it stood; look at what it changed" .. kept, {
      cause = is_error and cause or nil,
      maybe_applied = is_error and cause.maybe_applied or false,
    })
end

local function wait_turn(hidden, place, path, options, give_up)
  local time = math.max(give_up - native.now(), TAKING_A_PLACE.least)
  local ok, failure = raw_pcall(hidden.lock_wait, place, { timeout = time })
  if ok then return end
  local left = leave(hidden, place, GIVING_UP)
  if left and left.code == "zk.lock_left" then raw_error(left, 0) end
  if native.is_error(failure) and failure.code == "zk.timeout" then
    local seen = failure.message:match("; last seen: (.*)") or failure.message
    raw_error(native.new_error("zk.lock_busy", "the lock " .. native.describe(path) .. " was not free within "
      .. native.duration_text(options.timeout) .. ": " .. seen, { retryable = true, cause = failure }), 0)
  end
  raw_error(failure, 0)
end

function locking.lock(hidden, client, path, options, fn)
  if native.is_plan() then return fn({ path = path, token = "<the lock's token>", node = path }) end
  local give_up = native.now() + options.timeout
  local place = enter(hidden, client, path, options, give_up)
  wait_turn(hidden, place, path, options, give_up)
  local lock = { path = path, token = hidden.lock_token(place), node = hidden.lock_node(place) }
  local hold = native.hold(place)
  local outcome, lost, stopped = run_under(hidden, place, hold, fn, lock)
  local left = leave(hidden, place, lost and GIVING_UP or GIVING_IT_BACK)
  -- What the function began elsewhere goes on.
  native.set_hold(hold, false)
  local failure = outcome and not outcome[1] and outcome[2] or nil
  if lost then raw_error(lost_error(path, lost, failure, left), 0) end
  if stopped then raw_error(stopped, 0) end
  if left then
    if failure and native.is_error(left) then left.cause = native.to_error(failure) end
    raw_error(left, 0)
  end
  if failure ~= nil then raw_error(failure, 0) end
  return unpack(outcome, 2, outcome.n)
end

return locking
