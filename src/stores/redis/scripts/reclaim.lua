-- reclaim: makes groups ready whose lease has ended, whose retry is due, or which are to be woken.
-- KEYS[1]  the partition's tag
-- ARGV     queue, how many of each at the most
-- Returns  how many
return reclaim(tag .. ARGV[1], tonumber(ARGV[2]))
