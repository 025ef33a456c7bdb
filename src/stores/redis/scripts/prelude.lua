-- Functions that all scripts share. Each call runs in one hash slot: KEYS[1] is the tag of the
-- partition, `{topic:n}`, and every other key is that tag with a suffix (keys.rs lists them). Scripts
-- check first and write afterwards. They compare and move payloads and stored values, but never read
-- inside them.
--
-- What the moves of a batch read is read ahead, and what they change is collected, so that one command does
-- it for many: values, counters, claims, places in sorted sets, rings of the doorbell. `finish` writes it.

-- Steps at the beginning of each call. A library of functions is loaded once, so they set anew what belongs to
-- one call: nothing is left of the call before, also when that one has failed.
local beginnings = {}
local function each_call(step)
  beginnings[#beginnings + 1] = step
end

local KEYS, ARGV, call
local function begin(keys, arguments)
  KEYS, ARGV, call = keys, arguments, redis.call
  for _, step in ipairs(beginnings) do step() end
end

-- The tag and the queues.
local tag, inbound, outbox

-- Redis time: milliseconds for leases and due times, microseconds where order matters.
local clock, now, micros, ticket_text

each_call(function()
  tag = KEYS[1]
  inbound, outbox = tag .. 'in:', tag .. 'out:'
  clock = call('TIME')
  now = clock[1] * 1000 + math.floor(clock[2] / 1000)
  micros, ticket_text = clock[1] * 1000000 + clock[2], nil
end)

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
local additions, removals
-- Groups whose lease ends with the next flush of the sets.
local unleased

each_call(function() additions, removals, unleased = {}, {}, {} end)

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

-- Strings that were read or changed, by key; false for one that is not there. The life of those that were
-- changed is in milliseconds, or KEEPTTL.
local values, changed_values

each_call(function() values, changed_values = {}, {} end)

local function load_values(keys)
  local missing = {}
  for _, key in ipairs(keys) do
    if values[key] == nil then
      values[key], missing[#missing + 1] = false, key
    end
  end
  for from = 1, #missing, 1000 do
    local last = math.min(from + 999, #missing)
    local found = call('MGET', unpack(missing, from, last))
    for at = from, last do values[missing[at]] = found[at - from + 1] end
  end
end

local function value_of(key)
  if values[key] == nil then load_values({ key }) end
  return values[key]
end

-- Sets a value for some milliseconds, or without them to the end that it has.
local function put_value(key, value, life)
  values[key], changed_values[key] = value, life or changed_values[key] or 'KEEPTTL'
end

local function remove_value(key)
  values[key], changed_values[key] = false, 'KEEPTTL'
end

local function flush_values()
  for key, life in pairs(changed_values) do
    if not values[key] then
      call('DEL', key)
    elseif life == 'KEEPTTL' then
      call('SET', key, values[key], life)
    else
      call('SET', key, values[key], 'PX', life)
    end
  end
end

-- Groups that became ready and are not claimed since, by queue, and those of them that are not in their sets
-- yet: group, line, score, place in time. Queues whose consumers must look at them, and those whose rings
-- nobody needs to hear.
local readied, unplaced, rung, silent

each_call(function()
  readied, unplaced = { [inbound] = {}, [outbox] = {} }, { [inbound] = {}, [outbox] = {} }
  rung, silent = {}, {}
end)

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
local counters, are_counted, removed

each_call(function()
  counters, are_counted, removed = nil, false, { [inbound] = 0, [outbox] = 0 }
end)

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
local claims, changed_claims

each_call(function() claims, changed_claims = {}, {} end)

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

