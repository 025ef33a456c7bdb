-- extend: moves the end of the leases that are still held.
-- KEYS[1]  tag of the partition
-- ARGV     queue, lease in ms, then (group, token) for each claim
-- Returns  the groups whose lease is lost
local queue, groups, held, lost = tag .. ARGV[1], {}, {}, {}
for at = 3, #ARGV, 2 do groups[#groups + 1] = ARGV[at] end
load_claims(queue, groups)
for at = 3, #ARGV, 2 do
  if is_claimed(queue, ARGV[at], ARGV[at + 1]) then
    held[#held + 1], held[#held + 2] = now + ARGV[2], ARGV[at]
  else
    lost[#lost + 1] = ARGV[at]
  end
end
-- A claim without a lease was edited away, and is not given one again.
for at = 1, #held, 1000 do
  call('ZADD', queue .. 'lease', 'XX', unpack(held, at, math.min(at + 999, #held)))
end
return lost
