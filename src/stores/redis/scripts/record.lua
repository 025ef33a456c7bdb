-- record: records facts about a message that is in no queue, once, and not after later ones. Notes the
-- provider's id of an outbound message that is not known to be sent.
-- KEYS[1]  tag of the partition
-- ARGV     days that a digest is remembered, max records, message, kinds, detail,
--          key of the note, provider's id, time of the note in ms, name of that id when another store knew it,
--          digest of the facts, then the digests of the facts that supersede them
-- Returns  OK | DUP
local span = tonumber(ARGV[1]) * 86400
local window = math.floor(clock[1] / span)
local seen = tag .. 'dd:' .. string.format('%.0f', window)
local seen_before = tag .. 'dd:' .. string.format('%.0f', window - 1)
for i = 10, #ARGV do
  if call('SISMEMBER', seen, ARGV[i]) == 1 or call('SISMEMBER', seen_before, ARGV[i]) == 1 then
    return 'DUP'
  end
end
if ARGV[6] ~= '' and call('EXISTS', tag .. 'sid:' .. ARGV[7], tag .. 'sid:' .. ARGV[9]) == 0 then
  call('SET', tag .. 's:' .. ARGV[6], ARGV[7], 'PX', ARGV[8])
end
if #ARGV < 10 then return 'OK' end
call('SADD', seen, ARGV[10])
call('EXPIRE', seen, 2 * span, 'NX')
record(ARGV[3], ARGV[4], ARGV[5], ARGV[2])
return 'OK'
