-- record: records facts about a message that is in no queue, once.
-- KEYS[1]  tag of the partition
-- ARGV     digest of the facts, days that it is remembered, max records, message, kinds, detail
-- Returns  OK | DUP
local span = tonumber(ARGV[2]) * 86400
local window = math.floor(clock[1] / span)
local seen = tag .. 'dd:' .. string.format('%.0f', window)
if call('SISMEMBER', seen, ARGV[1]) == 1
  or call('SISMEMBER', tag .. 'dd:' .. string.format('%.0f', window - 1), ARGV[1]) == 1 then
  return 'DUP'
end
call('SADD', seen, ARGV[1])
call('EXPIRE', seen, 2 * span, 'NX')
record(ARGV[4], ARGV[5], ARGV[6], ARGV[3])
return 'OK'
