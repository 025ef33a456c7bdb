-- retry: leaves a message at the head of its group, to be claimed again after a delay.
-- KEYS[1]  tag of the partition
-- ARGV     queue, group, token, sequence, 1 when suspect, delay in ms, 1 when it counts as a failure,
--          1 when its outcome stays unknown, note or '', max records, message or '', kinds, detail
-- Returns  OK | LOST
local queue, group = tag .. ARGV[1], ARGV[2]
if not is_ours(queue, group, ARGV[3], ARGV[4]) then return 'LOST' end
local state = queue .. 'gs:' .. group
call('ZREM', queue .. 'lease', group)
-- The worker survived the message, so it is no suspect.
call('HDEL', state, 'tok', 'att', 'iso', 'was')
if ARGV[5] == '1' then call('DEL', queue .. 'suspect:now') end
if ARGV[7] == '1' then call('HINCRBY', state, 'err', 1) end
if ARGV[8] == '0' then call('HDEL', state, 'amb') end
if ARGV[9] == '' then call('HDEL', state, 'note') else call('HSET', state, 'note', ARGV[9]) end
if ARGV[6] == '0' then
  make_ready(queue, group, 0)
else
  call('ZADD', queue .. 'delay', now + ARGV[6], group)
end
ring(queue)
if ARGV[11] ~= '' then record(ARGV[11], ARGV[12], ARGV[13], ARGV[10]) end
return 'OK'
