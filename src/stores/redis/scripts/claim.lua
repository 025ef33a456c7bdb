-- claim: takes the longest waiting ready group's head, under a lease.
-- KEYS[1]  the partition's tag
-- ARGV     queue, token, lease in ms, 1 to look for what is due first, 1 when asked again
-- Returns  {EMPTY, ms until something is due or -1} | {group, head, attempt, isolated, failures,
--          outcome_unknown since, note, state}
local queue = tag .. ARGV[1]
if ARGV[5] == '1' then
  local ours = held(queue, ARGV[2])
  if ours then return ours end
end
return claim(queue, ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1')
