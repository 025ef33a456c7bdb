-- trim: removes what has been kept long enough, no more often than asked.
-- KEYS[1]  tag of the partition
-- ARGV     ms between two trims; ms that events and dead letters are kept
-- Returns  1 when it was time, else 0
if not call('SET', tag .. 'trimmed', '1', 'NX', 'PX', ARGV[1]) then return 0 end
local function since(age) return string.format('%.0f', now - age) end
call('XTRIM', tag .. 'ev', 'MINID', '~', since(ARGV[2]))
call('XTRIM', tag .. 'in:dead', 'MINID', '~', since(ARGV[3]))
call('XTRIM', tag .. 'out:dead', 'MINID', '~', since(ARGV[3]))
for _, pool in ipairs(call('SMEMBERS', tag .. 'pools')) do
  for _, group in ipairs(call('ZRANGEBYSCORE', tag .. 'pool_ttl:' .. pool, '-inf', now)) do
    remove_member(pool, group)
  end
  local key = tag .. 'pool:' .. pool
  -- Members that an earlier version inserted have no expiry; they get the 30 days that it kept them.
  if call('ZCARD', key) > call('ZCARD', tag .. 'pool_ttl:' .. pool) then
    for _, group in ipairs(call('ZRANGE', key, 0, -1)) do
      call('ZADD', tag .. 'pool_ttl:' .. pool, 'NX', now + 2592000000, group)
    end
  end
  if call('EXISTS', key) == 0 then call('SREM', tag .. 'pools', pool) end
end
return 1
