-- audit: makes groups ready that have messages but are in no set.
-- KEYS[1]  tag of the partition
-- ARGV     queue, then the groups
-- Returns  number of groups that were repaired
local queue, repaired = tag .. ARGV[1], 0
for i = 2, #ARGV do
  local group, placed = ARGV[i], false
  for _, set in ipairs({ 'lease', 'delay', 'suspect' }) do
    placed = placed or call('ZSCORE', queue .. set, group)
  end
  local line = line_of(queue, group)
  local ready = call('ZSCORE', ready_set(queue, line), group)
  -- A claim finds a line by the rotation alone.
  local unreachable = ready and line and not call('ZSCORE', queue .. 'lines', line)
  if (unreachable or not (placed or ready)) and call('EXISTS', queue .. 'g:' .. group) == 1 then
    make_ready(queue, group, ready or ticket())
    repaired = repaired + 1
  end
end
local alone = call('GET', queue .. 'suspect:now')
if alone and not call('ZSCORE', queue .. 'lease', alone) then call('DEL', queue .. 'suspect:now') end
return finish(repaired)
