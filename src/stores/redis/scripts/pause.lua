-- pause: keeps a pause of sending until its time is over.
-- KEYS[1]  the tag of the topic's first partition
-- ARGV     scope, duration in ms, code, reason
-- Returns  OK
local key, duration = tag .. 'pauses', tonumber(ARGV[2])
call('HSET', key, ARGV[1], string.format('%.0f|%s|%s', now + duration, ARGV[3], ARGV[4]))
-- The longest pause keeps the others, which `pauses` drops in their time.
if call('PTTL', key) < duration then call('PEXPIRE', key, duration) end
return 'OK'
