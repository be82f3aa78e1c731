-- Stops probing; the status stays.
obj.spec.suspend = true

return obj
