-- trim: drops what has been kept long enough; once in a while, whoever asks.
-- KEYS[1]  the partition's tag
-- ARGV     ms between two trims; ms that events, dead letters and pool members are kept
-- Returns  1 when it was time, else 0
if not call('SET', tag .. 'trimmed', '1', 'NX', 'PX', ARGV[1]) then return 0 end
local function since(age) return string.format('%.0f', now - age) end
call('XTRIM', tag .. 'ev', 'MINID', '~', since(ARGV[2]))
call('XTRIM', tag .. 'in:dead', 'MINID', '~', since(ARGV[3]))
call('XTRIM', tag .. 'out:dead', 'MINID', '~', since(ARGV[3]))
for _, pool in ipairs(call('SMEMBERS', tag .. 'pools')) do
  local key = tag .. 'pool:' .. pool
  call('ZREMRANGEBYSCORE', key, '-inf', since(ARGV[4]) .. '000')
  if call('EXISTS', key) == 0 then call('SREM', tag .. 'pools', pool) end
end
return 1
