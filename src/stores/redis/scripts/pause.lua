-- pause: stores a pause of sending until its time is over.
-- KEYS[1]  tag of the first partition of the topic
-- ARGV     scope, duration in ms, code, reason
-- Returns  OK
local key, duration = tag .. 'pauses', tonumber(ARGV[2])
call('HSET', key, ARGV[1], string.format('%.0f|%s|%s', now + duration, ARGV[3], ARGV[4]))
-- The key lives as long as the longest pause; `pauses` removes the others in their time.
if call('PTTL', key) < duration then call('PEXPIRE', key, duration) end
return 'OK'
