-- reclaim: makes groups ready whose lease has expired or whose retry is due, and delivers due wakes.
-- KEYS[1]  tag of the partition
-- ARGV     queue, max number of each
-- Returns  number of all
return finish(reclaim(tag .. ARGV[1], tonumber(ARGV[2])))
