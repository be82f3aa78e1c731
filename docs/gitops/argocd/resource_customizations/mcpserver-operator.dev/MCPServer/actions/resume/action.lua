-- Probes again, at once.
obj.spec.suspend = false

return obj
