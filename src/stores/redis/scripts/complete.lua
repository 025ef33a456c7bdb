-- complete: applies the commit of a message and removes the message, in one step; may claim the next, and
-- messages that wait in the outbox.
-- Arguments  queue, group, token, sequence, 1 when suspect, a request for the next claim, a request for
--            claims of the outbox (as in the function ask), message or '', kinds, detail,
--            inbound message of which this settles an outbound one or '', provider's id or '',
--            group of a recipient or '',
--            shape, numbers: max records, of outbound messages to wait for (2 or more, else 0), of checks, of
--              writes, of outbox entries, of wakes, of messages that may wait in the group of the recipient,
--            and then these:
--              check  V key expected '' | N key '' '' | M pool group ticket
--              write  as in the function write
--              entry  group id payload
--              wake   group id payload due-at-ms or ''
-- Returns    {OK, claims, claims} | {LOST, claims, claims} | {CONFLICT, current state of the group}
--            | {CONGESTED}
function preparations.complete(at)
  prepare_settlement(at)
  local shape, keys = numbers(ARGV[at + 16]), {}
  for check = at + 17, at + 13 + 4 * shape[3], 4 do
    if ARGV[check] ~= 'M' then
      keys[check] = tag .. 's:' .. ARGV[check + 1]
      want_value(keys[check])
    end
  end
  return { shape = shape, keys = keys }
end

-- Tests what a commit has read: values by their keys, and members.
local function holds(at, count, keys)
  for check = at, at + 4 * (count - 1), 4 do
    local kind, name, value, extra = ARGV[check], ARGV[check + 1], ARGV[check + 2], ARGV[check + 3]
    if kind == 'M' then
      if call('ZSCORE', tag .. 'pool:' .. name, value) ~= extra or has_expired(name, value) then return false end
    elseif value_of(keys[check]) ~= (kind == 'V' and value) then
      return false
    end
  end
  return true
end

function moves.complete(at, _, read)
  local queue, group, suspect = tag .. ARGV[at + 1], ARGV[at + 2], ARGV[at + 5] == '1'
  local max_records, expected, checks, writes, entries, wakes, max_depth = unpack(read.shape)
  local list = at + 17
  local function lost()
    return { 'LOST', ask_held(queue, at + 5), ask_held(outbox, at + 7) }
  end
  if not is_claimed(queue, group, ARGV[at + 3]) then return lost() end
  if not holds(list, checks, read.keys) then
    return { 'CONFLICT', value_of(tag .. 's:' .. group) }
  end
  local recipient = ARGV[at + 15]
  if recipient ~= '' and call('LLEN', tag .. 'out:g:' .. recipient) >= max_depth then
    return { 'CONGESTED' }
  end
  if not take_head(queue, group, ARGV[at + 4], suspect) then return lost() end

  list = write(list + 4 * checks, writes)
  for _ = 1, entries do
    add(outbox, ARGV[list], ARGV[list + 1], ARGV[list + 2])
    list = list + 3
  end
  for _ = 1, wakes do
    local to, id, payload, due = ARGV[list], ARGV[list + 1], ARGV[list + 2], ARGV[list + 3]
    if due == '' then
      append_wake(inbound, to, id, payload)
    else
      schedule(inbound, to, id, payload, due)
    end
    list = list + 4
  end

  local message = ARGV[at + 10]
  local kinds = settle(ARGV[at + 13], ARGV[at + 11])
  expect(message, expected)
  if ARGV[at + 14] ~= '' then call('SET', tag .. 'sid:' .. ARGV[at + 14], '1', 'PX', 86400000) end
  if message ~= '' then record(message, kinds, ARGV[at + 12], max_records) end
  return { 'OK', ask(queue, at + 5), ask(outbox, at + 7) }
end
