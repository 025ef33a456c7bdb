-- push: appends a message to its group, once, with the outbound messages that it causes at once.
-- KEYS[1]  tag of the partition
-- ARGV     group, id, payload, digest of the id, days that a digest is remembered,
--          max depth, max group depth, max records, message, kinds, detail, kinds when dropped,
--          number of aliases, the digest of each, then (group, id, payload) for each outbox entry
-- Returns  OK | DUP | FULL | GROUPFULL
-- It has no allow-oom flag, so Redis refuses it as a whole when out of memory.
local group, id, payload, digest, days = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local span = days * 86400
local window = math.floor(clock[1] / span)
local seen = tag .. 'dd:' .. string.format('%.0f', window)
local before = tag .. 'dd:' .. string.format('%.0f', window - 1)
local digests = { digest, unpack(ARGV, 14, 13 + ARGV[13]) }
for _, known in ipairs(digests) do
  if call('SISMEMBER', seen, known) == 1 or call('SISMEMBER', before, known) == 1 then
    -- A write, so that waiting for the replicas after this also covers the first push of the message.
    call('HINCRBY', tag .. 'in:ctr', 'dup', 1)
    return 'DUP'
  end
end

local pending = 0
for _, queue in ipairs({ 'in:', 'out:' }) do
  local counters = call('HMGET', tag .. queue .. 'ctr', 'seq', 'done')
  pending = pending + (counters[1] or 0) - (counters[2] or 0)
end
if pending >= tonumber(ARGV[6]) then return 'FULL' end

-- The id of a dropped message is not remembered: sent again when there is room, it is accepted.
if call('LLEN', tag .. 'in:g:' .. group) >= tonumber(ARGV[7]) then
  record(ARGV[9], ARGV[12], ARGV[11], ARGV[8])
  return 'GROUPFULL'
end
call('SADD', seen, digest)
call('EXPIRE', seen, 2 * span, 'NX')
append(tag .. 'in:', group, id, payload)
for i = 14 + ARGV[13], #ARGV, 3 do append(tag .. 'out:', ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
record(ARGV[9], ARGV[10], ARGV[11], ARGV[8])
return 'OK'
