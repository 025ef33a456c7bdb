-- push: appends a message to its group, once, with the outbound messages that it causes at once.
-- Arguments  group, id, payload, digest of the id, days that a digest is remembered, 1 to queue it,
--            max depth, depth from which it is crowded, max group depth, max group depth when crowded,
--            max records, message, kinds, detail, kinds when dropped,
--            details when dropped: the group is full, barred, over the rate,
--            key of the sender's bucket or '', interval in ms, burst,
--            number of aliases, of marks, of writes, 1 with a notice, 1 with a message sent once,
--            1 when it is dropped for good by a full group, and then these:
--              alias  digest
--              mark   key
--              write  as in the function write
--              notice, message sent once, each:  key every-ms group id payload
--              outbox entries to the end, each:  group id payload
-- Returns    OK | DUP | FULL | GROUPFULL | BARRED | LIMITED

-- Windows of digests that were looked for, by their days, and those whose end is set, by key.
local windows_of, has_end = {}, {}

-- The sets of digests of this window of days and of the one before it, if there is one, and the life of a
-- window in seconds.
local function windows(days)
  local found = windows_of[days]
  if not found then
    local span = days * 86400
    local window = math.floor(clock[1] / span)
    local before = tag .. 'dd:' .. string.format('%.0f', window - 1)
    found = {
      seen = tag .. 'dd:' .. string.format('%.0f', window),
      before = call('EXISTS', before) == 1 and before, life = 2 * span,
    }
    windows_of[days] = found
  end
  return found.seen, found.before, found.life
end

-- Remembers a digest, and returns whether it was not known in this window.
local function remember(seen, digest, life)
  local is_new = call('SADD', seen, digest) == 1
  if not has_end[seen] then call('EXPIRE', seen, life, 'NX') end
  has_end[seen] = true
  return is_new
end

local function forget(seen, digest)
  call('SREM', seen, digest)
  has_end[seen] = nil
end

-- Adds a message to a group of fewer than `most` messages; returns whether there was room.
local function add_below(queue, group, id, payload, most)
  if most < 1 then return false end
  if add(queue, group, id, payload) <= most then return true end
  call('LTRIM', queue .. 'g:' .. group, 0, -2)
  counter(queue).seq = counter(queue).seq - 1
  return false
end

-- Puts a message into the outbox, unless it was within its time.
local function append_once(at)
  if call('SET', tag .. 's:' .. ARGV[at], '1', 'PX', ARGV[at + 1], 'NX') then
    add(outbox, ARGV[at + 2], ARGV[at + 3], ARGV[at + 4])
  end
end

local function keep_bucket(bucket, full)
  call('SET', tag .. 's:' .. bucket, string.format('%.0f', full), 'PX', string.format('%.0f', full - now))
end

function moves.push(at, last)
  local group, digest = ARGV[at + 1], ARGV[at + 4]
  local bucket, interval, burst = ARGV[at + 19], tonumber(ARGV[at + 20]), tonumber(ARGV[at + 21])
  local aliases = at + 28
  local marks = aliases + ARGV[at + 22]
  local writes = marks + ARGV[at + 23]
  local notice = writes + 4 * ARGV[at + 24]
  local once = notice + 5 * ARGV[at + 25]
  local owed = once + 5 * ARGV[at + 26]

  -- What is known of the sender: the marks, and the bucket behind them.
  local keys, known = {}, {}
  for mark = marks, writes - 1 do keys[#keys + 1] = tag .. 's:' .. ARGV[mark] end
  if bucket ~= '' then keys[#keys + 1] = tag .. 's:' .. bucket end
  if #keys > 0 then known = call('MGET', unpack(keys)) end
  local barred = false
  for mark = 1, writes - marks do barred = barred or known[mark] ~= false end

  local seen, before, life = windows(ARGV[at + 5])
  local function is_known(digested)
    return before and call('SISMEMBER', before, digested) == 1
  end
  local is_duplicate = is_known(digest)
  for alias = aliases, marks - 1 do
    is_duplicate = is_duplicate or call('SISMEMBER', seen, ARGV[alias]) == 1 or is_known(ARGV[alias])
  end
  -- Remembered at once, since a set tells what it has when it is given that again; taken back below where a
  -- repetition is to be accepted.
  if is_duplicate or not remember(seen, digest, life) then
    -- A write, so that waiting for the replicas after this also covers the first push of the message.
    call('HINCRBY', tag .. 'ctr', 'dup', 1)
    return barred and 'BARRED' or 'DUP'
  end

  -- Records the first drop of a sender within a time for each reason.
  local function drop(reason, detail)
    local key = tag .. 's:dropped:' .. reason .. ':' .. group
    if call('SET', key, '1', 'PX', DROP_INTERVAL, 'NX') then
      record(ARGV[at + 12], ARGV[at + 15], detail, ARGV[at + 11])
    end
  end

  -- What a sender may not write is dropped for good, or a repetition would come out of its order.
  if barred then
    drop('barred', ARGV[at + 17])
    return 'BARRED'
  end

  -- The bucket is the time at which it is full again; each message takes one interval of it. A time beyond
  -- that of an empty one was left by a clock that was ahead, or by another rate, and must not mute.
  local full = bucket ~= '' and math.max(now, tonumber(known[#keys] or '0'))
  if full then full = math.min(full, now + interval * burst) end
  if full and full - now > interval * (burst - 1) then
    keep_bucket(bucket, full)
    if ARGV[at + 25] == '1' then append_once(notice) end
    drop('rate', ARGV[at + 18])
    return 'LIMITED'
  end

  if ARGV[at + 6] == '1' then
    local pending = 0
    for _, queue in ipairs({ inbound, outbox }) do
      local of = counter(queue)
      pending = pending + of.seq - of.done
    end
    if pending >= tonumber(ARGV[at + 7]) then
      forget(seen, digest)
      return 'FULL'
    end
    local most = pending >= tonumber(ARGV[at + 8]) and ARGV[at + 10] or ARGV[at + 9]
    if not add_below(inbound, group, ARGV[at + 2], ARGV[at + 3], tonumber(most)) then
      -- Not remembered, it is accepted when it is sent again and there is room.
      if ARGV[at + 27] ~= '1' then forget(seen, digest) end
      write(writes, tonumber(ARGV[at + 24]))
      drop('full', ARGV[at + 16])
      return 'GROUPFULL'
    end
  end

  if full then keep_bucket(bucket, full + interval) end
  write(writes, tonumber(ARGV[at + 24]))
  if ARGV[at + 26] == '1' then append_once(once) end
  for entry = owed, last, 3 do add(outbox, ARGV[entry], ARGV[entry + 1], ARGV[entry + 2]) end
  record(ARGV[at + 12], ARGV[at + 13], ARGV[at + 14], ARGV[at + 11])
  return 'OK'
end
