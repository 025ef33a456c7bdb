-- What the scripts share. Each runs in one hash slot: KEYS[1] is the partition's tag, `{topic:n}`, and
-- every other key is that tag with a suffix (keys.rs has the table). Scripts decide first and write
-- afterwards; none reads a payload or a stored value, they only compare and move them.
local tag = KEYS[1]
local call = redis.call

-- Redis time: milliseconds for leases and due times, microseconds where order matters.
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local ticket = string.format('%.0f', clock[1] * 1000000 + clock[2])

-- The doorbell holds no work, only wake-ups; 64 are as good as any number.
local function ring(queue)
  if call('LLEN', queue .. 'bell') < 64 then call('RPUSH', queue .. 'bell', '1') end
end

-- A group with messages is in exactly one of ready, lease, delay and suspect.
local function make_ready(queue, group)
  call('ZADD', queue .. 'ready', ticket, group)
end

-- An id may hold any character, so its length stands before it: `sequence|length of id|id payload`.
local function append(queue, group, id, payload)
  local sequence = call('HINCRBY', queue .. 'ctr', 'seq', 1)
  local message = string.format('%.0f|%d|%s%s', sequence, #id, id, payload)
  local length = call('RPUSH', queue .. 'g:' .. group, message)
  if length == 1 then
    make_ready(queue, group)
    ring(queue)
  end
end

-- A wake is dropped when its like, to the letter, waits at the end of its group and nobody works on
-- it yet: that one will see everything that this one was meant to show.
local function append_wake(queue, group, id, payload)
  local list = queue .. 'g:' .. group
  local last = call('LINDEX', list, -1)
  local at = last and string.find(last, '|', 1, true)
  if at and string.sub(last, at + 1) == string.format('%d|%s%s', #id, id, payload)
    and (call('LLEN', list) > 1 or not call('ZSCORE', queue .. 'lease', group)) then
    return
  end
  append(queue, group, id, payload)
end

local function record(message, kinds, detail, max)
  call('XADD', tag .. 'ev', 'MAXLEN', '~', max, '*', 'm', message, 'e', kinds, 'd', detail)
end

-- One thing less is owed for an inbound message; whoever has nothing left is recorded.
local function settle(message, kinds)
  if message == '' then return kinds end
  if call('HINCRBY', tag .. 'owed', message, -1) > 0 then return kinds end
  call('HDEL', tag .. 'owed', message)
  return kinds .. ',recorded'
end

-- The double fence: the claim's token, and the identity of the head that it claimed.
local function is_ours(queue, group, token, sequence)
  if call('HGET', queue .. 'gs:' .. group, 'tok') ~= token then return false end
  local head = call('LINDEX', queue .. 'g:' .. group, 0)
  return head and string.sub(head, 1, #sequence + 1) == sequence .. '|'
end

-- Takes the head off a group whose claim is over, and lets the group go on.
local function remove_head(queue, group, was_suspect)
  local list = queue .. 'g:' .. group
  -- Not LPOP, which would hand the payload to the script for nothing.
  call('LTRIM', list, 1, -1)
  call('HINCRBY', queue .. 'ctr', 'done', 1)
  call('ZREM', queue .. 'lease', group)
  call('DEL', queue .. 'gs:' .. group)
  if was_suspect then call('DEL', queue .. 'suspect:now') end
  if call('EXISTS', list) == 1 then make_ready(queue, group) end
end

-- Brings back, at the front, whatever nobody works on any more: expired leases, due retries; and what
-- was to be woken now. A message that two claims have not settled is a suspect, and waits apart.
local function reclaim(queue, limit)
  local moved = 0
  for _, group in ipairs(call('ZRANGEBYSCORE', queue .. 'lease', '-inf', now, 'LIMIT', 0, limit)) do
    local state = queue .. 'gs:' .. group
    call('ZREM', queue .. 'lease', group)
    call('HDEL', state, 'tok')
    if call('GET', queue .. 'suspect:now') == group then call('DEL', queue .. 'suspect:now') end
    if tonumber(call('HGET', state, 'att') or '0') >= 2 then
      call('ZADD', queue .. 'suspect', ticket, group)
    else
      call('ZADD', queue .. 'ready', 0, group)
    end
    ring(queue)
    moved = moved + 1
  end
  for _, group in ipairs(call('ZRANGEBYSCORE', queue .. 'delay', '-inf', now, 'LIMIT', 0, limit)) do
    call('ZREM', queue .. 'delay', group)
    call('ZADD', queue .. 'ready', 0, group)
    ring(queue)
    moved = moved + 1
  end
  for _, wake in ipairs(call('ZRANGEBYSCORE', queue .. 'wakes', '-inf', now, 'LIMIT', 0, limit)) do
    local group_ends, id_ends, at = string.match(wake, '^(%d+)|(%d+)|()')
    local group = string.sub(wake, at, at + group_ends - 1)
    local id = string.sub(wake, at + group_ends, at + group_ends + id_ends - 1)
    local payload = string.sub(wake, at + group_ends + id_ends)
    call('ZREM', queue .. 'wakes', wake)
    append_wake(queue, group, id, payload)
    moved = moved + 1
  end
  return moved
end

-- How long until something is due, in milliseconds; -1 when nothing is.
local function next_due(queue)
  local due = -1
  for _, set in ipairs({ 'lease', 'delay', 'wakes' }) do
    local first = call('ZRANGE', queue .. set, 0, 0, 'WITHSCORES')
    if first[2] then
      local wait = math.max(0, tonumber(first[2]) - now)
      if due < 0 or wait < due then due = wait end
    end
  end
  return due
end

-- The claim that a lost reply left us with, if it did.
local function held(queue, token)
  for _, group in ipairs(call('ZRANGE', queue .. 'lease', 0, -1)) do
    local state = call('HMGET', queue .. 'gs:' .. group, 'tok', 'att', 'err', 'was', 'note', 'iso')
    if state[1] == token then
      local head = call('LINDEX', queue .. 'g:' .. group, 0)
      local known = call('GET', tag .. 's:' .. group)
      -- Unsettled is what it was before the claim whose reply was lost.
      local outcome_unknown = state[4] ~= '' and state[4]
      return { group, head, state[2], state[6] or '0', state[3] or '0', outcome_unknown, state[5], known }
    end
  end
  return nil
end

-- Takes a group out of the ready list, under a lease. Suspects come first, one at a time, and only
-- when the caller looks for what is due; a busy queue does not pay for them.
local function claim(queue, token, lease, due_too)
  local group, isolated
  if due_too then
    reclaim(queue, 16)
    if call('EXISTS', queue .. 'suspect:now') == 0 then
      group = call('ZPOPMIN', queue .. 'suspect')[1]
      if group then
        call('SET', queue .. 'suspect:now', group)
        isolated = call('HINCRBY', queue .. 'gs:' .. group, 'iso', 1)
      end
    end
  end
  local head
  for _ = 1, 16 do
    group = group or call('ZPOPMIN', queue .. 'ready')[1]
    if not group then return { 'EMPTY', next_due(queue) } end
    head = call('LINDEX', queue .. 'g:' .. group, 0)
    if head then break end
    call('DEL', queue .. 'gs:' .. group)
    if isolated then call('DEL', queue .. 'suspect:now') end
    group, isolated = nil, nil
  end
  if not head then return { 'EMPTY', 0 } end
  local key = queue .. 'gs:' .. group
  local state = call('HMGET', key, 'att', 'err', 'amb', 'note')
  local attempt = tonumber(state[1] or '0') + 1
  call('HSET', key, 'tok', token, 'att', attempt, 'amb', state[3] or now, 'was', state[3] or '')
  call('ZADD', queue .. 'lease', now + lease, group)
  local known = call('GET', tag .. 's:' .. group)
  return { group, head, attempt, isolated or 0, state[2] or '0', state[3], state[4], known }
end
