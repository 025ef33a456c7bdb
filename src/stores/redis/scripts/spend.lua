-- spend: changes one of a day's counts of segments, for each of some scopes.
-- KEYS[1]  tag of the first partition of the topic
-- ARGV     spent or added, number to add, life of the count in ms, day or '' for today, then the scopes
-- Returns  OK
local day = ARGV[4] ~= '' and ARGV[4] or math.floor(clock[1] / 86400)
for i = 5, #ARGV do
  local key = tag .. 'c:segments:' .. day .. ':' .. ARGV[1] .. ':' .. ARGV[i]
  if call('INCRBY', key, ARGV[2]) < 0 then call('SET', key, 0) end
  call('PEXPIRE', key, ARGV[3])
end
return 'OK'
