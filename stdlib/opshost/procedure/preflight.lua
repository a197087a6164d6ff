-- opshost preflight: what a procedure needs, looked at before its first change. Each check is {what, fine, seen}.
local native = ...

local params = native.internal("procedure/params")

local raw_pcall = native.pcall

local function optional_module(name)
  local ok, module = raw_pcall(native.globals.require, name)
  if ok then return module end
  return nil, native.to_error(module)
end

local function check_modules(definition, checks)
  local names = {}
  for name in pairs(definition.uses) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local module, problem = optional_module(name)
    checks[#checks + 1] = { what = "module " .. name, fine = module ~= nil,
      seen = module and "there" or problem.message }
  end
end

local function hosts_of(definition, p)
  local hosts = {}
  for _, name in ipairs(params.names(definition)) do
    local kind = definition.params[name].kind
    if kind == "host" and p[name] then hosts[#hosts + 1] = p[name] end
    if kind == "hosts" then
      for _, host in ipairs(p[name] or {}) do hosts[#hosts + 1] = host end
    end
  end
  return hosts
end

return function(definition, p)
  local checks = {}
  check_modules(definition, checks)
  for _, host in ipairs(hosts_of(definition, p)) do
    checks[#checks + 1] = { what = "host " .. host, fine = true, seen = "named" }
  end
  return checks
end
