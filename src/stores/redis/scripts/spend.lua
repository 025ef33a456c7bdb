-- spend: adds to one of a day's counts of segments, for each of some scopes.
-- KEYS[1]  tag of the first partition of the topic
-- ARGV     spent or added, number to add, life of the count in ms, then the scopes
-- Returns  OK
local day = math.floor(clock[1] / 86400)
for i = 4, #ARGV do
  local key = tag .. 'c:segments:' .. day .. ':' .. ARGV[1] .. ':' .. ARGV[i]
  call('INCRBY', key, ARGV[2])
  call('PEXPIRE', key, ARGV[3])
end
return 'OK'
