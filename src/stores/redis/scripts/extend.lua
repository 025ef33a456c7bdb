-- extend: moves the end of the leases that are still held.
-- KEYS[1]  tag of the partition
-- ARGV     queue, lease in ms, then (group, token) for each claim
-- Returns  the groups whose lease is lost
local queue, lost = tag .. ARGV[1], {}
for i = 3, #ARGV, 2 do
  if call('HGET', queue .. 'gs:' .. ARGV[i], 'tok') == ARGV[i + 1] then
    call('ZADD', queue .. 'lease', 'XX', now + ARGV[2], ARGV[i])
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost
