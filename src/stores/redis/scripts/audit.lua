-- audit: finds groups that have messages but stand nowhere, and makes them ready.
-- KEYS[1]  the partition's tag
-- ARGV     queue, then the groups
-- Returns  how many were mended
local queue, mended = tag .. ARGV[1], 0
for i = 2, #ARGV do
  local group, stands = ARGV[i], false
  for _, set in ipairs({ 'ready', 'lease', 'delay', 'suspect' }) do
    stands = stands or call('ZSCORE', queue .. set, group)
  end
  if not stands and call('EXISTS', queue .. 'g:' .. group) == 1 then
    make_ready(queue, group)
    ring(queue)
    mended = mended + 1
  end
end
local alone = call('GET', queue .. 'suspect:now')
if alone and not call('ZSCORE', queue .. 'lease', alone) then call('DEL', queue .. 'suspect:now') end
return mended
