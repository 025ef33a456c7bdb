-- claim: takes the head of the next ready group, under a lease.
-- KEYS[1]  tag of the partition
-- ARGV     queue, token, lease in ms, 1 to reclaim first, 1 when this is a repeated call,
--          then the keys of the closed lines
-- Returns  {EMPTY, ms until something is due or -1} | {group, head, attempt, isolated, failures,
--          outcome_unknown since, note, state}
local queue = tag .. ARGV[1]
if ARGV[5] == '1' then
  local ours = held(queue, ARGV[2])
  if ours then return ours end
end
return claim(queue, ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1', { unpack(ARGV, 6) })
