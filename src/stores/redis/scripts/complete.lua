-- complete: applies the commit of a message and removes the message, in one step; may claim the next.
-- KEYS[1]  tag of the partition
-- ARGV     queue, group, token, sequence, 1 when suspect, 1 when this is a repeated call,
--          next token or '', lease in ms, 1 to reclaim before the next claim,
--          max records, message or '', kinds, detail,
--          inbound message of which this settles an outbound one or '', provider's id or '',
--          number of outbound messages to wait for (2 or more, else 0),
--          number of checks, of writes, of outbox entries, of wakes,
--          group of a recipient or '', messages that may wait in it, and then these:
--            check  V key expected | N key | M pool group ticket
--            write  as in the function write
--            entry  group id payload
--            wake   group id payload due-at-ms or ''
--          (checks and writes are padded to 4 with blanks), then the keys of the closed lines
-- Returns  {OK, claim or false} | {LOST, claim or false} | {CONFLICT, current state of the group}
--          | {CONGESTED, false}
local queue, group, suspect = tag .. ARGV[1], ARGV[2], ARGV[5] == '1'
local next_token, lease, due_too = ARGV[7], tonumber(ARGV[8]), ARGV[9] == '1'

if not is_ours(queue, group, ARGV[3], ARGV[4]) then
  local ours = ARGV[6] == '1' and next_token ~= '' and held(queue, next_token)
  return { 'LOST', ours or false }
end

local at = 23
for _ = 1, tonumber(ARGV[17]) do
  local kind, name, value, extra = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local holds
  if kind == 'V' then
    holds = call('GET', tag .. 's:' .. name) == value
  elseif kind == 'N' then
    holds = not call('GET', tag .. 's:' .. name)
  else
    holds = call('ZSCORE', tag .. 'pool:' .. name, value) == extra and not has_expired(name, value)
  end
  if not holds then return { 'CONFLICT', call('GET', tag .. 's:' .. group) } end
  at = at + 4
end

if ARGV[21] ~= '' and call('LLEN', tag .. 'out:g:' .. ARGV[21]) >= tonumber(ARGV[22]) then
  return { 'CONGESTED', false }
end

remove_head(queue, group, suspect)
at = write(at, tonumber(ARGV[18]))
for _ = 1, tonumber(ARGV[19]) do
  append(tag .. 'out:', ARGV[at], ARGV[at + 1], ARGV[at + 2])
  at = at + 3
end
for _ = 1, tonumber(ARGV[20]) do
  local to, id, payload, due = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  if due == '' then
    append_wake(tag .. 'in:', to, id, payload)
  else
    schedule(tag .. 'in:', to, id, payload, due)
  end
  at = at + 4
end

local kinds = settle(ARGV[14], ARGV[12])
expect(ARGV[11], ARGV[16])
if ARGV[15] ~= '' then call('SET', tag .. 'sid:' .. ARGV[15], '1', 'PX', 86400000) end
if ARGV[11] ~= '' then record(ARGV[11], kinds, ARGV[13], ARGV[10]) end
return { 'OK', next_token ~= '' and claim(queue, next_token, lease, due_too, { unpack(ARGV, at) }) }
