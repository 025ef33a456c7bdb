-- dump: reads keys of a partition for a transfer.
-- KEYS[1]  tag of the partition
-- ARGV     '' and then names of strings, or a queue and then groups
-- Returns  for each string {value or false, end in ms}; for each group
--          {set, score, claims, failures, isolated, outcome unknown since, note, messages},
--          for the first groups alone when all together have too many messages
local queue, found = tag .. ARGV[1], {}
local most, messages = 1000, 0

local function string_of(name)
  return { call('GET', tag .. name), call('PEXPIRETIME', tag .. name) }
end

local function group_of(group)
  local line = line_of(queue, group)
  local set, score = 'ready', call('ZSCORE', ready_set(queue, line), group)
  for _, other in ipairs({ 'lease', 'delay', 'suspect' }) do
    local found_score = call('ZSCORE', queue .. other, group)
    if found_score then set, score = other, found_score end
  end
  local claim = claim_of(queue, group) or { '', '0', '0', '0', '', '', '' }
  return {
    set, score or '0', claim[ATTEMPTS], claim[FAILURES], claim[ISOLATED],
    claim[UNKNOWN] ~= '' and claim[UNKNOWN], claim[NOTE] ~= '' and claim[NOTE],
    call('LRANGE', queue .. 'g:' .. group, 0, -1),
  }
end

for at = 2, #ARGV do
  if ARGV[1] ~= '' then
    messages = messages + call('LLEN', queue .. 'g:' .. ARGV[at])
    if at > 2 and messages > most then break end
  end
  found[at - 1] = ARGV[1] == '' and string_of(ARGV[at]) or group_of(ARGV[at])
end
return found
