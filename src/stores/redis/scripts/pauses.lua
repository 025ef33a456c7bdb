-- pauses: lists the pauses of sending, and removes those that are over.
-- KEYS[1]  tag of the first partition of the topic
-- Returns  {scope, remaining in ms, code, reason} for each
local key = tag .. 'pauses'
local kept = call('HGETALL', key)
local pauses = {}
for i = 1, #kept, 2 do
  local till, code, reason = string.match(kept[i + 1], '^(%d+)|(%d+)|(.*)$')
  local remaining = tonumber(till) - now
  if remaining > 0 then
    table.insert(pauses, { kept[i], remaining, tonumber(code), reason })
  else
    call('HDEL', key, kept[i])
  end
end
return pauses
