-- The health of an MCPServer: the column "Argo CD" of its state table. The words are the operator's own.
local function condition(wanted)
  if obj.status ~= nil and obj.status.conditions ~= nil then
    for _, each in ipairs(obj.status.conditions) do
      if each.type == wanted then
        return each
      end
    end
  end
  return nil
end

local function messageOf(found, otherwise)
  if found ~= nil and found.message ~= nil then
    return found.message
  end
  return otherwise
end

local ready = condition("Ready")
local reconciling = condition("Reconciling")
local stalled = condition("Stalled")

if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = "The object is being deleted." }
end

if obj.spec ~= nil and obj.spec.suspend == true then
  return { status = "Suspended", message = "Probing is suspended; the status is that of the last probe." }
end

-- What the status tells is about another spec, or nothing yet: -1 until the first verdict.
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = messageOf(reconciling, "This spec waits for its first probe.") }
end

if stalled ~= nil and stalled.status == "True" then
  return { status = "Degraded", message = messageOf(stalled, "The server needs attention.") }
end

if reconciling ~= nil and reconciling.status == "True" then
  return { status = "Progressing", message = messageOf(reconciling, "The server is probed again.") }
end

if ready ~= nil and ready.status == "True" then
  return { status = "Healthy", message = messageOf(ready, "The server is available.") }
end

return { status = "Progressing", message = messageOf(ready, "The operator has not judged this server.") }
