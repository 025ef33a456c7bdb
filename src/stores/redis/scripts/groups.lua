-- The line of a group of the outbox: the hexadecimal digits in front of its first dot, if it has any.
local function line_of(queue, group)
  return queue == outbox and string.match(group, '^(%x+)%.') or false
end

-- The set of ready groups that a group belongs to: that of its line, or the one of all others.
local function ready_set(queue, line)
  return line and queue .. 'ready:' .. line or queue .. 'ready'
end

-- A group with messages is in exactly one of ready, lease, delay and suspect. A lower score is claimed first.
-- The place in time is that of its line in the rotation, when it is the first of it.
local function make_ready(queue, group, score, place)
  local list = unplaced[queue]
  list[#list + 1] = { group, line_of(queue, group), score, place or ticket() }
  readied[queue][group] = true
end

-- Groups whose heads were taken, by queue, each before its place in time.
local taken

each_call(function() taken = { [inbound] = {}, [outbox] = {} } end)

-- Makes ready the groups that have more messages behind the heads that were taken. Mostly none has, which one
-- command tells.
local function place_rest(queue)
  local rest, lists = taken[queue], {}
  if #rest == 0 then return end
  taken[queue] = {}
  for at = 1, #rest, 2 do lists[#lists + 1] = queue .. 'g:' .. rest[at] end
  local left = call('EXISTS', unpack(lists))
  if left == 0 then return end
  for at, list in ipairs(lists) do
    local group, place = rest[2 * at - 1], rest[2 * at]
    if not readied[queue][group] and (left == #lists or call('EXISTS', list) == 1) then
      make_ready(queue, group, place, place)
    end
  end
end

-- Keeps the earliest place of each line in the rotation of lines. Groups are not listed in the order of their
-- places: those that `place_rest` makes ready come last.
local function keep_earliest(places, line, place)
  local known = places[line]
  if not known or tonumber(place) < tonumber(known) then places[line] = place end
end

-- Places ready groups in their sets. A line that gets its first one goes to the end of the rotation of lines.
local function place_ready(queue)
  local list, places, lines = unplaced[queue], {}, {}
  unplaced[queue] = {}
  for _, of in ipairs(list) do
    local group, line, score, place = unpack(of)
    defer(additions, ready_set(queue, line), score, group)
    if line then keep_earliest(places, line, place) end
  end
  for line, place in pairs(places) do lines[#lines + 1], lines[#lines + 2] = place, line end
  if #lines > 0 then call('ZADD', queue .. 'lines', 'NX', unpack(lines)) end
end

local function flush_sets()
  for _, queue in ipairs({ inbound, outbox }) do
    place_rest(queue)
    place_ready(queue)
  end
  for key, members in pairs(removals) do call_with('ZREM', key, members) end
  for key, members in pairs(additions) do call_with('ZADD', key, members) end
  additions, removals, unleased = {}, {}, {}
end

-- Steps that write what a script has collected beside what all scripts do.
local flushes = {}

-- Writes everything that was collected, and returns the reply of the script: its last step.
local function finish(reply)
  flush_sets()
  flush_claims()
  flush_values()
  flush_counters()
  for _, flush in ipairs(flushes) do flush() end
  flush_rings()
  return reply
end

local function end_lease(queue, group)
  defer(removals, queue .. 'lease', group)
  unleased[queue .. group] = true
end

-- Heads of groups that had no message before, by list.
local heads

each_call(function() heads = {} end)

-- Adds a message to the end of its group, and returns the number of messages in it. An id may contain any
-- character, so its length precedes it: `sequence|length of id|id payload`. It is appended as it is, because
-- string.format would end it at a NUL.
local function add(queue, group, id, payload)
  local of = counter(queue)
  of.seq, are_counted = of.seq + 1, true
  local message = string.format('%.0f|%d|', of.seq, #id) .. id .. payload
  local list = queue .. 'g:' .. group
  local length = call('RPUSH', list, message)
  if length == 1 then
    make_ready(queue, group, ticket())
    heads[list] = message
  end
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
  if message ~= '' and tonumber(outbound) > 0 then call('HINCRBY', tag .. 'owed', message, outbound) end
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
  heads[list] = nil
  if not is_head(head, sequence) then
    if head then call('LPUSH', list, head) end
    return nil
  end
  count_done(queue)
  end_lease(queue, group)
  keep_claim(queue, group, false)
  if was_suspect then call('DEL', queue .. 'suspect:now') end
  local rest = taken[queue]
  rest[#rest + 1], rest[#rest + 2] = group, ticket()
  return head
end

-- Makes ready, ahead of all others, groups whose lease has expired or whose retry is due, and delivers
-- wakes that are due. A message that lost too many claims is a suspect and is kept apart.
-- Leases and retries are left alone while nobody knows whether the clock was stepped forward (`keep_time`),
-- which is noted: it may be stepped back before anybody has looked.
local function reclaim(queue, limit)
  local moved, wakes = 0, limit
  flush_sets()
  if now - (call('HGET', tag .. 'ctr', 'clock') or now) > CLOCK_STEP then
    limit = 0
    call('HSET', tag .. 'ctr', 'leapt', now)
  end
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
  for _, wake in ipairs(call('ZRANGEBYSCORE', queue .. 'wakes', '-inf', now, 'LIMIT', 0, wakes)) do
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

