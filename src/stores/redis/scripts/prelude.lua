-- Functions that all scripts share. Each script runs in one hash slot: KEYS[1] is the tag of the
-- partition, `{topic:n}`, and every other key is that tag with a suffix (keys.rs lists them). Scripts
-- check first and write afterwards. They compare and move payloads and stored values, but never read
-- inside them.
--
-- What many moves of a batch change at once is collected, and written by `finish` with one command for
-- each key: counters, claims, places in sorted sets, rings of the doorbell.
local tag = KEYS[1]
local call = redis.call

-- The queues.
local inbound, outbox = tag .. 'in:', tag .. 'out:'

-- Redis time: milliseconds for leases and due times, microseconds where order matters.
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local micros = clock[1] * 1000000 + clock[2]
local ticket_text

-- The place in time of what a move does, as text, since a script passes numbers on more slowly.
local function ticket()
  ticket_text = ticket_text or string.format('%.0f', micros)
  return ticket_text
end

-- Goes on to the next place in time. A move takes longer than a microsecond, so that no later script gets one
-- of the places of this one.
local function next_ticket()
  micros, ticket_text = micros + 1, nil
end

-- Members to add to sorted sets, each behind its score, and members to remove, by key.
local additions, removals = {}, {}
-- Groups whose lease ends with the next flush of the sets.
local unleased = {}

local function defer(changes, key, first, second)
  local list = changes[key]
  if not list then
    list = {}
    changes[key] = list
  end
  list[#list + 1] = first
  list[#list + 1] = second
end

-- Calls a command with a key and many further arguments, some at a time: Lua's stack is limited.
local function call_with(command, key, arguments)
  for from = 1, #arguments, 1000 do
    call(command, key, unpack(arguments, from, math.min(from + 999, #arguments)))
  end
end

local function flush_sets()
  for key, members in pairs(removals) do call_with('ZREM', key, members) end
  for key, members in pairs(additions) do call_with('ZADD', key, members) end
  additions, removals, unleased = {}, {}, {}
end

-- Groups that became ready and are not claimed since, by queue. Queues whose consumers must look at them, and
-- those whose rings nobody needs to hear.
local readied, rung, silent = { [inbound] = {}, [outbox] = {} }, {}, {}

-- Rings the doorbell, which carries no work and only wakes consumers.
local function ring(queue)
  rung[queue] = true
end

-- Rings once for each group that became ready and is not claimed; 64 rings are as good as more. Rings that
-- nobody has heard go when a claim finds nothing more.
local function flush_rings()
  for _, queue in ipairs({ inbound, outbox }) do
    local rings = 0
    for _ in pairs(readied[queue]) do rings = rings + 1 end
    if rings == 0 and rung[queue] then rings = 1 end
    if silent[queue] then call('DEL', queue .. 'bell') end
    if rings > 0 then
      local ones = {}
      for at = 1, math.min(rings, 64) do ones[at] = '1' end
      if call('RPUSH', queue .. 'bell', unpack(ones)) > 64 then call('LTRIM', queue .. 'bell', -64, -1) end
    end
  end
end

-- Counters of the partition: `seq` issued, `done` removed, of each queue. What was removed is known before
-- they are read, and need not be.
local counters, are_counted
local removed = { [inbound] = 0, [outbox] = 0 }

local function counter(queue)
  if not counters then
    local known = call('HMGET', tag .. 'ctr', 'in:seq', 'in:done', 'out:seq', 'out:done')
    for at = 1, 4 do known[at] = tonumber(known[at] or '0') end
    counters = {
      [inbound] = { seq = known[1], done = known[2] + removed[inbound] },
      [outbox] = { seq = known[3], done = known[4] + removed[outbox] },
    }
  end
  return counters[queue]
end

local function count_done(queue)
  are_counted = true
  if counters then
    counters[queue].done = counters[queue].done + 1
  else
    removed[queue] = removed[queue] + 1
  end
end

local function flush_counters()
  if not are_counted then return end
  if not counters then
    for queue, count in pairs(removed) do
      if count > 0 then call('HINCRBY', tag .. 'ctr', string.sub(queue, #tag + 1) .. 'done', count) end
    end
    return
  end
  local received, owed = counter(inbound), counter(outbox)
  call('HSET', tag .. 'ctr', 'in:seq', received.seq, 'in:done', received.done,
    'out:seq', owed.seq, 'out:done', owed.done)
end

-- What is known of the claims of a group's head, while it is claimed or after it failed: a list of token,
-- claims without a settlement, failures, claims in quarantine, time since which its outcome is unknown,
-- that time as it was before the claim, note. Stored in this order with a bar between them.
local TOKEN, ATTEMPTS, FAILURES, ISOLATED, UNKNOWN, WAS, NOTE = 1, 2, 3, 4, 5, 6, 7
local claims, changed_claims = {}, {}

local function parse_claim(stored)
  if not stored then return false end
  return { string.match(stored, '^(%w*)|(%d+)|(%d+)|(%d+)|(%d*)|(%d*)|(.*)$') }
end

-- Reads the claims of groups with one command.
local function load_claims(queue, groups)
  claims[queue] = claims[queue] or {}
  local known, missing = claims[queue], {}
  for _, group in ipairs(groups) do
    if known[group] == nil then missing[#missing + 1] = group end
  end
  for from = 1, #missing, 1000 do
    local last = math.min(from + 999, #missing)
    local stored = call('HMGET', queue .. 'claims', unpack(missing, from, last))
    for at = from, last do known[missing[at]] = parse_claim(stored[at - from + 1]) end
  end
end

local function claim_of(queue, group)
  if not claims[queue] or claims[queue][group] == nil then load_claims(queue, { group }) end
  return claims[queue][group]
end

-- Keeps the claim of a group; false removes it.
local function keep_claim(queue, group, kept)
  claims[queue] = claims[queue] or {}
  claims[queue][group] = kept
  changed_claims[queue] = changed_claims[queue] or {}
  changed_claims[queue][group] = true
end

-- A claim that tells nothing is not kept.
local function keep_or_forget(queue, group, kept)
  local is_blank = kept[TOKEN] == '' and tonumber(kept[ATTEMPTS]) == 0 and tonumber(kept[FAILURES]) == 0
    and tonumber(kept[ISOLATED]) == 0 and kept[UNKNOWN] == '' and kept[NOTE] == ''
  keep_claim(queue, group, not is_blank and kept)
end

local function flush_claims()
  for queue, groups in pairs(changed_claims) do
    local kept, gone = {}, {}
    for group in pairs(groups) do
      local claim = claims[queue][group]
      if claim then
        kept[#kept + 1], kept[#kept + 2] = group, table.concat(claim, '|')
      else
        gone[#gone + 1] = group
      end
    end
    call_with('HDEL', queue .. 'claims', gone)
    call_with('HSET', queue .. 'claims', kept)
  end
end

-- Writes everything that was collected, and returns the reply of the script: its last step.
local function finish(reply)
  flush_sets()
  flush_claims()
  flush_counters()
  flush_rings()
  return reply
end

-- The line of a group of the outbox: the hexadecimal digits in front of its first dot, if it has any.
local function line_of(queue, group)
  return queue == outbox and string.match(group, '^(%x+)%.')
end

-- The set of ready groups that a group belongs to: that of its line, or the one of all others.
local function ready_set(queue, line)
  return line and queue .. 'ready:' .. line or queue .. 'ready'
end

-- A group with messages is in exactly one of ready, lease, delay and suspect. A lower score is claimed
-- first. A line that gets its first ready group goes to the end of the rotation of lines.
local function make_ready(queue, group, score)
  local line = line_of(queue, group)
  defer(additions, ready_set(queue, line), score, group)
  readied[queue][group] = true
  if line then call('ZADD', queue .. 'lines', 'NX', ticket(), line) end
end

local function end_lease(queue, group)
  defer(removals, queue .. 'lease', group)
  unleased[queue .. group] = true
end

-- Adds a message to the end of its group, and returns the number of messages in it. An id may contain any
-- character, so its length precedes it: `sequence|length of id|id payload`. It is appended as it is, because
-- string.format would end it at a NUL.
local function add(queue, group, id, payload)
  local of = counter(queue)
  of.seq, are_counted = of.seq + 1, true
  local message = string.format('%.0f|%d|', of.seq, #id) .. id .. payload
  local length = call('RPUSH', queue .. 'g:' .. group, message)
  if length == 1 then make_ready(queue, group, ticket()) end
  return length
end

-- Drops a wake when an identical one is last in its group and is not being handled yet: that one will
-- see everything that this one was sent for.
local function append_wake(queue, group, id, payload)
  local list = queue .. 'g:' .. group
  local last = call('LINDEX', list, -1)
  local at = last and string.find(last, '|', 1, true)
  if at and string.sub(last, at + 1) == #id .. '|' .. id .. payload
    and (call('LLEN', list) > 1 or unleased[queue .. group] or not call('ZSCORE', queue .. 'lease', group)) then
    return
  end
  add(queue, group, id, payload)
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

-- The first fence: the token of the claim.
local function is_claimed(queue, group, token)
  local claim = claim_of(queue, group)
  return claim and token ~= '' and claim[TOKEN] == token
end

-- The second fence: the identity of the head that was claimed.
local function is_head(head, sequence)
  return head and string.sub(head, 1, #sequence + 1) == sequence .. '|'
end

-- Tests both fences without a change.
local function is_ours(queue, group, token, sequence)
  return is_claimed(queue, group, token) and is_head(call('LINDEX', queue .. 'g:' .. group, 0), sequence)
end

-- Takes the head of a group whose claim has this token, unless it is another message than the one that was
-- claimed. Ends the claim, and makes the rest of the group ready.
local function take_head(queue, group, sequence, was_suspect)
  local list = queue .. 'g:' .. group
  local head = call('LPOP', list)
  if not is_head(head, sequence) then
    if head then call('LPUSH', list, head) end
    return nil
  end
  count_done(queue)
  end_lease(queue, group)
  keep_claim(queue, group, false)
  if was_suspect then call('DEL', queue .. 'suspect:now') end
  if call('EXISTS', list) == 1 then make_ready(queue, group, ticket()) end
  return head
end

-- Makes ready, ahead of all others, groups whose lease has expired or whose retry is due, and delivers
-- wakes that are due. A message that lost too many claims is a suspect and is kept apart.
local function reclaim(queue, limit)
  local moved = 0
  flush_sets()
  for _, group in ipairs(call('ZRANGEBYSCORE', queue .. 'lease', '-inf', now, 'LIMIT', 0, limit)) do
    local claim = claim_of(queue, group)
    call('ZREM', queue .. 'lease', group)
    if claim then
      claim[TOKEN] = ''
      keep_claim(queue, group, claim)
    end
    if call('GET', queue .. 'suspect:now') == group then call('DEL', queue .. 'suspect:now') end
    if claim and tonumber(claim[ATTEMPTS]) >= SUSPECT_AFTER then
      call('ZADD', queue .. 'suspect', ticket(), group)
      ring(queue)
    else
      make_ready(queue, group, 0)
    end
    moved = moved + 1
  end
  for _, group in ipairs(call('ZRANGEBYSCORE', queue .. 'delay', '-inf', now, 'LIMIT', 0, limit)) do
    call('ZREM', queue .. 'delay', group)
    make_ready(queue, group, 0)
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
  flush_sets()
  return moved
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

-- The last place in a pool that this script has given.
local last_place = 0

-- Carries out `count` writes, of four arguments each from ARGV[at], and returns the place after them:
-- P key value ttl | R key | I pool group ttl | T pool group | C name by ttl, padded with blanks.
local function write(at, count)
  for _ = 1, count do
    local kind, name, value, extra = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
    if kind == 'P' then
      call('SET', tag .. 's:' .. name, value, 'PX', extra)
    elseif kind == 'R' then
      call('DEL', tag .. 's:' .. name)
    elseif kind == 'I' then
      -- All of a commit happens at one time, but a later insert of it gets a later place.
      last_place = math.max(micros, last_place + 1)
      insert_member(name, value, string.format('%.0f', last_place), now + extra)
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
