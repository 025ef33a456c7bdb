-- Functions that all scripts share. Each script runs in one hash slot: KEYS[1] is the tag of the
-- partition, `{topic:n}`, and every other key is that tag with a suffix (keys.rs lists them). Scripts
-- check first and write afterwards. They compare and move payloads and stored values, but never read
-- inside them.
local tag = KEYS[1]
local call = redis.call

-- Redis time: milliseconds for leases and due times, microseconds where order matters.
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local ticket = string.format('%.0f', clock[1] * 1000000 + clock[2])

-- Rings the doorbell, which carries no work and only wakes consumers; 64 rings are as good as more.
local function ring(queue)
  if call('LLEN', queue .. 'bell') < 64 then call('RPUSH', queue .. 'bell', '1') end
end

-- The line of an outbound group: the hexadecimal digits in front of its first dot, if it has any.
local function line_of(group)
  return string.match(group, '^(%x+)%.')
end

-- The set of ready groups that a group belongs to: that of its line, or the one of all others.
local function ready_set(queue, line)
  return line and queue .. 'ready:' .. line or queue .. 'ready'
end

-- A group with messages is in exactly one of ready, lease, delay and suspect. A lower score is claimed
-- first. A line that gets its first ready group goes to the end of the rotation of lines.
local function make_ready(queue, group, score)
  local line = line_of(group)
  call('ZADD', ready_set(queue, line), score, group)
  if line then call('ZADD', queue .. 'lines', 'NX', ticket, line) end
end

-- An id may contain any character, so its length precedes it: `sequence|length of id|id payload`. It
-- is appended as it is, because string.format would end it at a NUL.
local function append(queue, group, id, payload)
  local sequence = call('HINCRBY', queue .. 'ctr', 'seq', 1)
  local message = string.format('%.0f|%d|', sequence, #id) .. id .. payload
  local length = call('RPUSH', queue .. 'g:' .. group, message)
  if length == 1 then
    make_ready(queue, group, ticket)
    ring(queue)
  end
end

-- Drops a wake when an identical one is last in its group and is not being handled yet: that one will
-- see everything that this one was sent for.
local function append_wake(queue, group, id, payload)
  local list = queue .. 'g:' .. group
  local last = call('LINDEX', list, -1)
  local at = last and string.find(last, '|', 1, true)
  if at and string.sub(last, at + 1) == #id .. '|' .. id .. payload
    and (call('LLEN', list) > 1 or not call('ZSCORE', queue .. 'lease', group)) then
    return
  end
  append(queue, group, id, payload)
end

-- Schedules a wake, or moves an equal one. Consumers that wait are told, as it may be due first.
local function schedule(queue, group, id, payload, due)
  local wake = #group .. '|' .. #id .. '|' .. group .. id .. payload
  call('ZADD', queue .. 'wakes', due, wake)
  ring(queue)
end

local function record(message, kinds, detail, max)
  if kinds == '' then return end
  call('XADD', tag .. 'ev', 'MAXLEN', '~', max, '*', 'm', message, 'e', kinds, 'd', detail)
end

-- Counts how many outbound messages an inbound one still waits for, beside those of an earlier attempt.
-- A single one is not counted, and without an inbound message there is nothing to count for.
local function expect(message, outbound)
  if message ~= '' and outbound ~= '0' then call('HINCRBY', tag .. 'owed', message, outbound) end
end

-- Marks one outbound message of an inbound one as settled. After the last, the inbound one is recorded.
local function settle(message, kinds)
  if message == '' then return kinds end
  if call('HINCRBY', tag .. 'owed', message, -1) > 0 then return kinds end
  call('HDEL', tag .. 'owed', message)
  return kinds .. ',recorded'
end

-- The double fence: the token of the claim, and the identity of the head that it claimed.
local function is_ours(queue, group, token, sequence)
  if call('HGET', queue .. 'gs:' .. group, 'tok') ~= token then return false end
  local head = call('LINDEX', queue .. 'g:' .. group, 0)
  return head and string.sub(head, 1, #sequence + 1) == sequence .. '|'
end

-- Removes the head of a group whose claim has ended, and makes the rest of the group ready.
local function remove_head(queue, group, was_suspect)
  local list = queue .. 'g:' .. group
  -- LPOP would return the payload to the script, which has no use for it.
  call('LTRIM', list, 1, -1)
  call('HINCRBY', queue .. 'ctr', 'done', 1)
  call('ZREM', queue .. 'lease', group)
  call('DEL', queue .. 'gs:' .. group)
  if was_suspect then call('DEL', queue .. 'suspect:now') end
  if call('EXISTS', list) == 1 then make_ready(queue, group, ticket) end
end

-- Makes ready, ahead of all others, groups whose lease has expired or whose retry is due, and delivers
-- wakes that are due. A message that lost too many claims is a suspect and is kept apart.
local function reclaim(queue, limit)
  local moved = 0
  for _, group in ipairs(call('ZRANGEBYSCORE', queue .. 'lease', '-inf', now, 'LIMIT', 0, limit)) do
    local state = queue .. 'gs:' .. group
    call('ZREM', queue .. 'lease', group)
    call('HDEL', state, 'tok')
    if call('GET', queue .. 'suspect:now') == group then call('DEL', queue .. 'suspect:now') end
    if tonumber(call('HGET', state, 'att') or '0') >= SUSPECT_AFTER then
      call('ZADD', queue .. 'suspect', ticket, group)
    else
      make_ready(queue, group, 0)
    end
    ring(queue)
    moved = moved + 1
  end
  for _, group in ipairs(call('ZRANGEBYSCORE', queue .. 'delay', '-inf', now, 'LIMIT', 0, limit)) do
    call('ZREM', queue .. 'delay', group)
    make_ready(queue, group, 0)
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

-- The time until the next lease, retry or wake is due, in milliseconds; -1 when there is none.
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

-- The claim of a token, when an earlier call made it and its reply was lost.
local function held(queue, token)
  for _, group in ipairs(call('ZRANGE', queue .. 'lease', 0, -1)) do
    local state = call('HMGET', queue .. 'gs:' .. group, 'tok', 'att', 'err', 'was', 'note', 'iso')
    if state[1] == token then
      local head = call('LINDEX', queue .. 'g:' .. group, 0)
      local known = call('GET', tag .. 's:' .. group)
      -- The value from before the claim whose reply was lost.
      local outcome_unknown = state[4] ~= '' and state[4]
      return { group, head, state[2], state[6] or '0', state[3] or '0', outcome_unknown, state[5], known }
    end
  end
  return nil
end

-- Tests whether one of the closed keys covers a line: the key is the line, or a prefix of it.
local function is_closed(line, closed)
  for _, key in ipairs(closed) do
    if string.sub(line, 1, #key) == key then return true end
  end
  return false
end

-- Takes the next ready group: the longest waiting without a line, or else the longest waiting of the
-- open line that was served least recently. Costs one look at each line that is passed over.
local function next_ready(queue, closed)
  local group = call('ZPOPMIN', queue .. 'ready')[1]
  local skipped = 0
  while not group do
    local line = call('ZRANGE', queue .. 'lines', skipped, skipped)[1]
    if not line then return nil end
    if is_closed(line, closed) then
      skipped = skipped + 1
    else
      local set = ready_set(queue, line)
      group = call('ZPOPMIN', set)[1]
      if call('EXISTS', set) == 1 then
        call('ZADD', queue .. 'lines', ticket, line)
      else
        call('ZREM', queue .. 'lines', line)
      end
    end
  end
  return group
end

-- Takes the suspect that has waited longest on an open line, when no other one is being tried.
local function next_suspect(queue, closed)
  if call('EXISTS', queue .. 'suspect:now') == 1 then return nil end
  local last = #closed == 0 and 0 or -1
  for _, group in ipairs(call('ZRANGE', queue .. 'suspect', 0, last)) do
    local line = line_of(group)
    if not (line and is_closed(line, closed)) then
      call('ZREM', queue .. 'suspect', group)
      call('SET', queue .. 'suspect:now', group)
      return group
    end
  end
  return nil
end

-- Claims the head of a group, under a lease. Suspects come first, one at a time, and only when the
-- caller also reclaims, so that a busy queue does not pay for them.
local function claim(queue, token, lease, due_too, closed)
  local group, isolated
  if due_too then
    reclaim(queue, CLAIM_RECLAIMS)
    group = next_suspect(queue, closed)
    isolated = group and call('HINCRBY', queue .. 'gs:' .. group, 'iso', 1)
  end
  local head
  for _ = 1, 16 do
    group = group or next_ready(queue, closed)
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

-- Adds a group to a pool, to be removed at the time `ends`. A member that is in it keeps its place; one
-- whose time is over counts as absent.
local function insert_member(pool, group, place, ends)
  local members, expiries = tag .. 'pool:' .. pool, tag .. 'pool_ttl:' .. pool
  local expiry = call('ZSCORE', expiries, group)
  if expiry and tonumber(expiry) <= now then call('ZREM', members, group) end
  call('ZADD', members, 'NX', place, group)
  call('ZADD', expiries, ends, group)
  call('SADD', tag .. 'pools', pool)
end

local function remove_member(pool, group)
  call('ZREM', tag .. 'pool:' .. pool, group)
  call('ZREM', tag .. 'pool_ttl:' .. pool, group)
end

-- Tests whether the time of a pool member is over.
local function has_expired(pool, group)
  local expiry = call('ZSCORE', tag .. 'pool_ttl:' .. pool, group)
  return expiry and tonumber(expiry) <= now
end

-- Carries out `count` writes, of four arguments each from ARGV[at], and returns the place after them:
-- P key value ttl | R key | I pool group ttl | T pool group | C name by ttl, padded with blanks.
local function write(at, count)
  for nth = 1, count do
    local kind, name, value, extra = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
    if kind == 'P' then
      call('SET', tag .. 's:' .. name, value, 'PX', extra)
    elseif kind == 'R' then
      call('DEL', tag .. 's:' .. name)
    elseif kind == 'I' then
      -- All of a commit happens at one time, but a later insert of it gets a later place.
      insert_member(name, value, string.format('%.0f', ticket + nth - 1), now + extra)
    elseif kind == 'T' then
      remove_member(name, value)
    else
      call('INCRBY', tag .. 'c:' .. name, value)
      call('PEXPIRE', tag .. 'c:' .. name, extra)
    end
    at = at + 4
  end
  return at
end
