-- What a container is: part of the base, a control database, a broker, a DRDS server, other middleware - or unknown,
-- which a person has to decide.
local site = require "ark.site"

local M = {}

-- Images are "registry.host:5000/path/name:tag"; the registry's name says nothing about the image.
local function repository(image)
  local first, rest = image:match("^([^/]+)/(.+)$")
  local path = image
  if first and (first:find("[.:]") or first == "localhost") then path = rest end
  return (path:gsub("@.*$", ""):gsub(":[^:/]*$", ""))
end

--- "task_7_g0_dbpaas-metadb_minidbpaas_2" as {task, group, component, product, number}; nil for other names.
function M.parse_name(name)
  local task, group, rest = name:match(site.container_name)
  if not task then return nil end
  local component, product, number = rest:match("^([^_]+)_([^_]+)_(%d+)$")
  if not component then component, product = rest:match("^([^_]+)_([^_]+)$") end
  if not component then return nil end
  return { task = task, group = group, component = component, product = product, number = tonumber(number) }
end

--- The word or name that makes it part of the base, nil if none does. Name, image and command are looked at, never the
--- host the container is on.
function M.base_mark(container)
  for _, name in ipairs(site.base.names) do
    if container.name == name then return "its name is " .. name end
  end
  local looked_at = { name = container.name, image = repository(container.image), command = container.command }
  for _, word in ipairs(site.base.words) do
    for _, what in ipairs { "image", "command", "name" } do
      if looked_at[what]:find(word, 1, true) then return "its " .. what .. " has " .. word .. " in it" end
    end
  end
  return nil
end

--- The control database a component of a product belongs to, by the pair's name; nil: none.
function M.database_of(component, product)
  for _, pair in ipairs(site.databases) do
    if pair.component == component and (pair.product == nil or pair.product == product) then return pair.name end
  end
  return nil
end

local function class_of_component(component, product)
  local pair = M.database_of(component, product)
  if pair then return "database", pair end
  if component == site.components.broker then return "broker" end
  if component == site.components.drds_server then return "drds_server" end
  return "middleware"
end

local function contradiction(labelled, named)
  for _, part in ipairs { "component", "product" } do
    if labelled[part] and named and named[part] ~= labelled[part] then
      return ("its label says the %s is %s, its name says %s"):format(part, labelled[part], named[part])
    end
  end
  return nil
end

local function class_of_site(container)
  local class = site.classes[container.name]
  if not class then return nil end
  local named = M.parse_name(container.name) or {}
  local component = container.labels[site.labels.component] or named.component
  local product = container.labels[site.labels.product] or named.product
  return {
    class = class, why = "ark.site says so", component = component, product = product, number = named.number,
    pair = class == "database" and component and M.database_of(component, product) or nil,
  }
end

--- {class, why, component, product, number, pair}: class is "base", "database", "broker", "drds_server", "middleware"
--- or "unknown"; why tells what decided it. `container` has name (without a host before it), image, command, labels.
function M.of(container)
  local decided = class_of_site(container)
  if decided then return decided end
  local named = M.parse_name(container.name)
  local labelled = {
    component = container.labels[site.labels.component],
    product = container.labels[site.labels.product],
  }
  local wrong = contradiction(labelled, named)
  if wrong then return { class = "unknown", why = wrong } end
  local from = labelled.component and labelled or named
  if from then
    local class, pair = class_of_component(from.component, from.product)
    return {
      class = class,
      why = (labelled.component and "its label" or "its name") .. " says " .. from.component,
      component = from.component,
      product = from.product,
      number = named and named.number,
      pair = pair,
    }
  end
  local mark = M.base_mark(container)
  if mark then return { class = "base", why = mark } end
  return { class = "unknown", why = "no label and no name of the platform, and nothing of the base in it" }
end

return M
