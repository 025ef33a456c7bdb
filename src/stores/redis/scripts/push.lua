-- push: appends a message to its group, once, with the outbound messages that it causes at once.
-- Arguments  group, id, payload, digest of the id,
--            terms, numbers: days that a digest is remembered, 1 to queue it, max depth, depth from which it is
--              crowded, max group depth, max group depth when crowded, max records, and of the sender's
--              bucket its interval in ms and burst,
--            message, kinds, detail, beginning of the detail when dropped or '' when it is that detail,
--            key of the sender's bucket or '',
--            shape, numbers: of aliases, of marks, of writes, 1 with a notice, 1 with a message sent once,
--              1 when it is dropped for good by a full group,
--            and then these:
--              alias  digest
--              mark   key
--              write  as in the function write
--              notice, message sent once, each:  key every-ms group id payload
--              outbox entries to the end, each:  group id payload
-- Returns    OK | DUP | FULL | GROUPFULL | BARRED | LIMITED

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
  local key = tag .. 's:' .. ARGV[at]
  if not value_of(key) then
    put_value(key, '1', ARGV[at + 1])
    add(outbox, ARGV[at + 2], ARGV[at + 3], ARGV[at + 4])
  end
end

local function keep_bucket(bucket, full)
  put_value(bucket, string.format('%.0f', full), string.format('%.0f', full - now))
end

-- Records the first drop of a sender within a time for each reason.
local function drop(at, key, reason, max_records)
  key = tag .. 's:dropped:' .. key .. ':' .. ARGV[at + 1]
  if value_of(key) then return end
  put_value(key, '1', DROP_INTERVAL)
  local beginning = ARGV[at + 9]
  if beginning == '' then beginning = ARGV[at + 8] == '{}' and '{' or string.sub(ARGV[at + 8], 1, -2) .. ',' end
  record(ARGV[at + 6], DROPPED, beginning .. '"reason":"' .. reason .. '"}', max_records)
end

function preparations.push(at)
  local terms, shape = numbers(ARGV[at + 5]), numbers(ARGV[at + 11])
  local aliases = at + 12
  local marks = aliases + shape[1]
  local writes = marks + shape[2]
  local read = { terms = terms, shape = shape, writes = writes, digests = window(terms[1]), marks = {}, ids = {} }
  read.ids[1] = ARGV[at + 4]
  for alias = aliases, marks - 1 do table.insert(read.ids, ARGV[alias]) end
  for _, digest in ipairs(read.ids) do want_digest(read.digests, digest) end
  for mark = marks, writes - 1 do
    local key = tag .. 's:' .. ARGV[mark]
    table.insert(read.marks, key)
    want_value(key)
  end
  if ARGV[at + 10] ~= '' then
    read.bucket = tag .. 's:' .. ARGV[at + 10]
    want_value(read.bucket)
  end
  return read
end

function moves.push(at, last, read)
  local digests, digest, writes = read.digests, ARGV[at + 4], read.writes
  local _, is_queued, max_depth, crowded, max_group, max_crowded, max_records, interval, burst = unpack(read.terms)
  local _, _, written, with_notice, with_once, for_good = unpack(read.shape)
  local notice = writes + 4 * written
  local once = notice + 5 * with_notice
  local owed = once + 5 * with_once

  local barred, is_duplicate = false, false
  for _, mark in ipairs(read.marks) do barred = barred or value_of(mark) ~= false end
  for _, id in ipairs(read.ids) do is_duplicate = is_duplicate or is_known(digests, id) end
  if is_duplicate then
    -- A write, so that waiting for the replicas after this also covers the first push of the message.
    call('HINCRBY', tag .. 'ctr', 'dup', 1)
    return barred and 'BARRED' or 'DUP'
  end

  -- What a sender may not write is dropped for good, or a repetition would come out of its order.
  if barred then
    remember(digests, digest)
    drop(at, 'barred', SENDER_BARRED, max_records)
    return 'BARRED'
  end

  -- The bucket is the time at which it is full again; each message takes one interval of it. A time beyond
  -- that of an empty one was left by a clock that was ahead, or by another rate, and must not mute.
  local full = read.bucket and math.max(now, tonumber(value_of(read.bucket) or '0'))
  if full then full = math.min(full, now + interval * burst) end
  if full and full - now > interval * (burst - 1) then
    remember(digests, digest)
    keep_bucket(read.bucket, full)
    if with_notice == 1 then append_once(notice) end
    drop(at, 'rate', RATE_EXCEEDED, max_records)
    return 'LIMITED'
  end

  if is_queued == 1 then
    local pending = 0
    for _, queue in ipairs({ inbound, outbox }) do
      local of = counter(queue)
      pending = pending + of.seq - of.done
    end
    if pending >= max_depth then return 'FULL' end
    local most = pending >= crowded and max_crowded or max_group
    if not add_below(inbound, ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], most) then
      -- Not remembered, it is accepted when it is sent again and there is room.
      if for_good == 1 then remember(digests, digest) end
      write(writes, written)
      drop(at, 'full', MAILBOX_FULL, max_records)
      return 'GROUPFULL'
    end
  end

  remember(digests, digest)
  if full then keep_bucket(read.bucket, full + interval) end
  write(writes, written)
  if with_once == 1 then append_once(once) end
  for entry = owed, last, 3 do add(outbox, ARGV[entry], ARGV[entry + 1], ARGV[entry + 2]) end
  record(ARGV[at + 6], ARGV[at + 7], ARGV[at + 8], max_records)
  return 'OK'
end
