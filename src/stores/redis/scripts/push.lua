-- push: appends a message to its group, once, with the outbound messages that it causes at once.
-- KEYS[1]  tag of the partition
-- ARGV     group, id, payload, digest of the id, days that a digest is remembered, 1 to queue it,
--          max depth, depth from which it is crowded, max group depth, max group depth when crowded,
--          max records, message, kinds, detail, kinds when dropped,
--          details when dropped: the group is full, barred, over the rate,
--          key of the sender's bucket or '', interval in ms, burst,
--          number of aliases, of marks, of writes, 1 with a notice, 1 with a message sent once,
--          1 when it is dropped for good by a full group, and then these:
--            alias  digest
--            mark   key
--            write  as in the function write
--            notice, message sent once, each:  key every-ms group id payload
--            outbox entries to the end, each:  group id payload
-- Returns  OK | DUP | FULL | GROUPFULL | BARRED | LIMITED
-- It has no allow-oom flag, so Redis refuses it as a whole when out of memory.
local group, id, payload, digest, days = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local queued = ARGV[6] == '1'
local bucket, interval, burst = ARGV[19], tonumber(ARGV[20]), tonumber(ARGV[21])
local marks = 28 + ARGV[22]
local writes = marks + ARGV[23]
local notice = writes + 4 * ARGV[24]
local once = notice + 5 * ARGV[25]
local outbox = once + 5 * ARGV[26]

local barred = false
for at = marks, writes - 1 do
  barred = barred or call('EXISTS', tag .. 's:' .. ARGV[at]) == 1
end

local span = days * 86400
local window = math.floor(clock[1] / span)
local seen = tag .. 'dd:' .. string.format('%.0f', window)
local before = tag .. 'dd:' .. string.format('%.0f', window - 1)
local digests = { digest, unpack(ARGV, 28, marks - 1) }
for _, known in ipairs(digests) do
  if call('SISMEMBER', seen, known) == 1 or call('SISMEMBER', before, known) == 1 then
    -- A write, so that waiting for the replicas after this also covers the first push of the message.
    call('HINCRBY', tag .. 'in:ctr', 'dup', 1)
    return barred and 'BARRED' or 'DUP'
  end
end

local function remember()
  call('SADD', seen, digest)
  call('EXPIRE', seen, 2 * span, 'NX')
end

-- Records the first drop of a sender within a time for each reason.
local function drop(reason, detail)
  local key = tag .. 's:dropped:' .. reason .. ':' .. group
  if call('SET', key, '1', 'PX', DROP_INTERVAL, 'NX') then
    record(ARGV[12], ARGV[15], detail, ARGV[11])
  end
end

-- Puts a message into the outbox, unless it was within its time.
local function append_once(at)
  if call('SET', tag .. 's:' .. ARGV[at], '1', 'PX', ARGV[at + 1], 'NX') then
    append(tag .. 'out:', ARGV[at + 2], ARGV[at + 3], ARGV[at + 4])
  end
end

-- What a sender may not write is dropped for good, or a repetition would come out of its order.
if barred then
  remember()
  drop('barred', ARGV[17])
  return 'BARRED'
end

local function keep_bucket(full)
  call('SET', tag .. 's:' .. bucket, string.format('%.0f', full), 'PX', string.format('%.0f', full - now))
end

-- The bucket is the time at which it is full again; each message takes one interval of it. A time beyond
-- that of an empty one was left by a clock that was ahead, or by another rate, and must not mute.
local full = bucket ~= '' and math.max(now, tonumber(call('GET', tag .. 's:' .. bucket) or '0'))
if full then full = math.min(full, now + interval * burst) end
if full and full - now > interval * (burst - 1) then
  remember()
  keep_bucket(full)
  if ARGV[25] == '1' then append_once(notice) end
  drop('rate', ARGV[18])
  return 'LIMITED'
end

if queued then
  local pending = 0
  for _, queue in ipairs({ 'in:', 'out:' }) do
    local counters = call('HMGET', tag .. queue .. 'ctr', 'seq', 'done')
    pending = pending + (counters[1] or 0) - (counters[2] or 0)
  end
  if pending >= tonumber(ARGV[7]) then return 'FULL' end
  local most = pending >= tonumber(ARGV[8]) and ARGV[10] or ARGV[9]
  if call('LLEN', tag .. 'in:g:' .. group) >= tonumber(most) then
    -- Not remembered, it is accepted when it is sent again and there is room.
    if ARGV[27] == '1' then remember() end
    write(writes, tonumber(ARGV[24]))
    drop('full', ARGV[16])
    return 'GROUPFULL'
  end
end

remember()
if full then
  keep_bucket(full + interval)
end
write(writes, tonumber(ARGV[24]))
if queued then append(tag .. 'in:', group, id, payload) end
if ARGV[26] == '1' then append_once(once) end
for at = outbox, #ARGV, 3 do append(tag .. 'out:', ARGV[at], ARGV[at + 1], ARGV[at + 2]) end
record(ARGV[12], ARGV[13], ARGV[14], ARGV[11])
return 'OK'
