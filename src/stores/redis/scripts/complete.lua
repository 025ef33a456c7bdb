-- complete: applies the commit of a message and removes the message, in one step; may claim the next, and
-- messages that wait in the outbox.
-- Arguments  queue, group, token, sequence, 1 when suspect, a request for the next claim, a request for
--            claims of the outbox (as in the function ask), max records, message or '', kinds, detail,
--            inbound message of which this settles an outbound one or '', provider's id or '',
--            number of outbound messages to wait for (2 or more, else 0),
--            number of checks, of writes, of outbox entries, of wakes,
--            group of a recipient or '', messages that may wait in it, and then these:
--              check  V key expected | N key | M pool group ticket
--              write  as in the function write
--              entry  group id payload
--              wake   group id payload due-at-ms or ''
--            (checks and writes are padded to 4 with blanks)
-- Returns    {OK, claims, claims} | {LOST, claims, claims} | {CONFLICT, current state of the group}
--            | {CONGESTED}

-- Tests what a commit has read: values with one command, and members.
local function holds(at, count)
  local keys, expected = {}, {}
  for _ = 1, count do
    local kind, name, value, extra = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
    if kind == 'M' then
      if call('ZSCORE', tag .. 'pool:' .. name, value) ~= extra or has_expired(name, value) then return false end
    else
      keys[#keys + 1] = tag .. 's:' .. name
      expected[#keys] = kind == 'V' and value
    end
    at = at + 4
  end
  local found = #keys > 0 and call('MGET', unpack(keys)) or {}
  for place, value in ipairs(expected) do
    if found[place] ~= value then return false end
  end
  return true
end

function moves.complete(at)
  local queue, group, suspect = tag .. ARGV[at + 1], ARGV[at + 2], ARGV[at + 5] == '1'
  local facts, lists = at + 15, at + 29
  local function lost()
    return { 'LOST', ask_held(queue, at + 5), ask_held(outbox, at + 10) }
  end
  if not is_claimed(queue, group, ARGV[at + 3]) then return lost() end
  if not holds(lists, tonumber(ARGV[facts + 8])) then
    return { 'CONFLICT', call('GET', tag .. 's:' .. group) }
  end
  local recipient = ARGV[facts + 12]
  if recipient ~= '' and call('LLEN', tag .. 'out:g:' .. recipient) >= tonumber(ARGV[facts + 13]) then
    return { 'CONGESTED' }
  end
  if not take_head(queue, group, ARGV[at + 4], suspect) then return lost() end

  local next_list = write(lists + 4 * ARGV[facts + 8], tonumber(ARGV[facts + 9]))
  for _ = 1, tonumber(ARGV[facts + 10]) do
    add(outbox, ARGV[next_list], ARGV[next_list + 1], ARGV[next_list + 2])
    next_list = next_list + 3
  end
  for _ = 1, tonumber(ARGV[facts + 11]) do
    local to, id = ARGV[next_list], ARGV[next_list + 1]
    local payload, due = ARGV[next_list + 2], ARGV[next_list + 3]
    if due == '' then
      append_wake(inbound, to, id, payload)
    else
      schedule(inbound, to, id, payload, due)
    end
    next_list = next_list + 4
  end

  local max, message, kinds, detail = ARGV[facts + 1], ARGV[facts + 2], ARGV[facts + 3], ARGV[facts + 4]
  kinds = settle(ARGV[facts + 5], kinds)
  expect(message, ARGV[facts + 7])
  if ARGV[facts + 6] ~= '' then call('SET', tag .. 'sid:' .. ARGV[facts + 6], '1', 'PX', 86400000) end
  if message ~= '' then record(message, kinds, detail, max) end
  return { 'OK', ask(queue, at + 5), ask(outbox, at + 10) }
end
