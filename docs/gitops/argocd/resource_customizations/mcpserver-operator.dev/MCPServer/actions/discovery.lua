-- Which actions make sense: a suspended server is not probed, whoever asks.
local suspended = obj.spec ~= nil and obj.spec.suspend == true

return {
  ["probe-now"] = { ["disabled"] = suspended },
  ["suspend"] = { ["disabled"] = suspended },
  ["resume"] = { ["disabled"] = not suspended },
}
