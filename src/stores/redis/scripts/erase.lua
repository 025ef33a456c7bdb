-- erase: erases traces of a person that are still as they were found.
-- KEYS[1]  tag of the partition
-- ARGV     four for each trace: its kind, name, text and locator
--            S key value '' | P pool member '' | C counter '' '' | M queue group message
--            W wake '' '' | D queue '' id | E message '' id | O key '' ''
-- Returns  OK

-- Removes one message of a group. When it is the head, its claim is over.
local function remove_message(queue, group, message)
  local list, is_head = queue .. 'g:' .. group, nil
  is_head = call('LINDEX', list, 0) == message
  if call('LREM', list, 1, message) == 0 then return end
  count_done(queue)
  if not is_head then return end
  for _, set in ipairs({ 'lease', 'delay', 'suspect' }) do call('ZREM', queue .. set, group) end
  if call('GET', queue .. 'suspect:now') == group then call('DEL', queue .. 'suspect:now') end
  keep_claim(queue, group, false)
  if call('EXISTS', list) == 1 then
    make_ready(queue, group, ticket())
    flush_sets()
  else
    local line = line_of(queue, group)
    call('ZREM', ready_set(queue, line), group)
    if line and call('EXISTS', ready_set(queue, line)) == 0 then call('ZREM', queue .. 'lines', line) end
  end
end

for at = 1, #ARGV, 4 do
  local kind, name, text, locator = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  if kind == 'S' then
    if call('GET', tag .. 's:' .. name) == text then call('DEL', tag .. 's:' .. name) end
  elseif kind == 'P' then
    remove_member(name, text)
  elseif kind == 'C' then
    call('DEL', tag .. 'c:' .. name)
  elseif kind == 'M' then
    remove_message(tag .. name, text, locator)
  elseif kind == 'W' then
    call('ZREM', tag .. 'in:wakes', name)
  elseif kind == 'D' then
    call('XDEL', tag .. name .. 'dead', locator)
  elseif kind == 'E' then
    call('XDEL', tag .. 'ev', locator)
    -- The record of the message is gone, and with it the wait for its last outbound message.
    call('HDEL', tag .. 'owed', name)
  else
    call('DEL', tag .. name)
  end
end
return finish('OK')
