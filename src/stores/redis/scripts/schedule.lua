-- schedule: schedules a wake, or moves an equal one to another time.
-- KEYS[1]  tag of the partition
-- ARGV     group, id, payload, due-at-ms
-- Returns  OK
-- It runs when memory is full, because a wake that is not moved fires.
schedule(inbound, ARGV[1], ARGV[2], ARGV[3], ARGV[4])
return finish('OK')
