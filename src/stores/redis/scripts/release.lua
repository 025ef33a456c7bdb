-- release: returns a claim as if it had never been made.
-- KEYS[1]  tag of the partition
-- ARGV     queue, group, token, sequence, 1 when suspect,
--          1 when the outcome was already unknown before the claim
-- Returns  OK | LOST
local queue, group = tag .. ARGV[1], ARGV[2]
if not is_ours(queue, group, ARGV[3], ARGV[4]) then return 'LOST' end
local state = queue .. 'gs:' .. group
call('ZREM', queue .. 'lease', group)
call('HDEL', state, 'tok', 'was')
if ARGV[6] == '0' then call('HDEL', state, 'amb') end
if call('HINCRBY', state, 'att', -1) == 0 then call('HDEL', state, 'att') end
if ARGV[5] == '1' then
  call('DEL', queue .. 'suspect:now')
  if call('HINCRBY', state, 'iso', -1) == 0 then call('HDEL', state, 'iso') end
  call('ZADD', queue .. 'suspect', 0, group)
else
  make_ready(queue, group, 0)
end
ring(queue)
return 'OK'
