-- Asks for one probe at once, whatever the backoff. Any new value does; this one says when.
local os = require("os")

if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["mcpserver-operator.dev/probe-requested-at"] = os.date("!%Y-%m-%dT%XZ")

return obj
