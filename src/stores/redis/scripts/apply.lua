-- apply: makes a change of an operator, outside of any message.
-- KEYS[1]  tag of the partition
-- ARGV     number of writes, the writes, then (group, id, payload) for each wake
-- Returns  OK
for i = write(2, tonumber(ARGV[1])), #ARGV, 3 do
  append_wake(inbound, ARGV[i], ARGV[i + 1], ARGV[i + 2])
end
return finish('OK')
