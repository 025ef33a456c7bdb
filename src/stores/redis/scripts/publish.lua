-- publish: appends a line to a feed, and removes the lines beyond its limits.
-- KEYS[1]  key of the feed
-- ARGV     line, lines to keep, age in ms or ''
-- Returns  id of the new entry
local feed, age = KEYS[1], ARGV[3]
local id = call('XADD', feed, 'MAXLEN', '~', ARGV[2], '*', 'l', ARGV[1])
if age ~= '' then
  call('XTRIM', feed, 'MINID', string.format('%.0f', now - age))
  call('PEXPIRE', feed, age)
end
return id
