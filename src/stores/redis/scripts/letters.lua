-- letters: reads dead letters by their ids.
-- KEYS[1]  tag of the partition
-- ARGV     queue, then the ids
-- Returns  {id, fields} for each that exists
local found = {}
for at = 2, #ARGV do
  found[#found + 1] = call('XRANGE', tag .. ARGV[1] .. 'dead', ARGV[at], ARGV[at])[1]
end
return found
