-- Health of a stepwright.dev/Execution for Argo CD. A run that was stopped is over, not broken: Suspended.
local status = obj.status or {}
local phase = status.phase or "Pending"
if phase == "Succeeded" then
  return {status = "Healthy", message = "Succeeded after " .. (status.duration or "?")}
end
if phase == "Failed" or phase == "TimedOut" then
  local message = status.error or phase
  if status.cause ~= nil then
    message = message .. ": " .. status.cause
  end
  return {status = "Degraded", message = message}
end
if phase == "Aborted" then
  return {status = "Suspended", message = status.cause or "Stopped"}
end
for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Stalled" and condition.status == "True" then
    -- A copy from a backup waits for somebody's word; all else is broken until somebody acts.
    local health = condition.reason == "Restored" and "Suspended" or "Degraded"
    return {status = health, message = condition.message or condition.reason}
  end
end
for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Reconciling" and condition.message ~= nil then
    return {status = "Progressing", message = condition.message}
  end
end
return {status = "Progressing", message = phase}
