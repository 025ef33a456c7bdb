-- keep_time: compares the clock with what was seen of it before. When it was stepped, what ends by it is moved
-- along: leases, retries and pauses end after the time that was left of them. Wakes stay where they are, since
-- they are due at times of the calendar.
-- KEYS[1]  tag of the partition
-- ARGV     time that the caller has seen before in ms or '', ms since then by a clock that is never set
-- Returns  {now, step in ms or 0, number of entries that were moved}

-- Time by which the end of a lease or of a retry may have passed before it is looked at.
local LATE = 60000
-- The longest lease, at least.
local LEASE = 300000
-- Time between two notes of the clock, so that an idle store writes little.
local NOTED = 2000

local noted = call('HMGET', tag .. 'ctr', 'clock', 'leapt')
local seen, leapt = tonumber(noted[1]), tonumber(noted[2])
local highest = math.max(seen or 0, leapt or 0)

-- The step since the clock was noted. Without an earlier reading, a step forward looks like a time in which
-- nobody was there; and a step back is at least as large as the clock is behind what was noted.
local function find_step()
  if not seen then return 0 end
  local step = ARGV[1] ~= '' and now - ARGV[1] - ARGV[2]
  if now < highest - CLOCK_STEP then
    return step and step < -CLOCK_STEP and step or now - highest
  end
  -- Another caller that has found this step has noted the clock as it is now.
  return now > seen + CLOCK_STEP and step and step > CLOCK_STEP and step or 0
end

local step, moved = find_step(), 0

-- Ends that were set before the step: those that come before the time to which the clock was stepped at least,
-- or behind the last note before a step back. What was set since is mistaken for them only by a short step
-- forward, and by a step back when it is about as far ahead as the step.
local first, last = '-inf', (seen or now) + math.max(step - CLOCK_STEP, LEASE)
if step < 0 then
  first, last = highest - math.min(LATE, -step / 2), '+inf'
end

local function move_ends(set)
  local found, ends = call('ZRANGEBYSCORE', set, first, last, 'WITHSCORES'), {}
  for at = 1, #found, 2 do ends[at], ends[at + 1] = found[at + 1] + step, found[at] end
  call_with('ZADD', set, ends)
  moved = moved + #found / 2
end

-- Puts places in the future a far way back, in their order: what has waited longest stays in front.
local AWAY = 1000000000000000
local function move_places(set)
  local found, places = call('ZRANGEBYSCORE', set, micros + 1000000, '+inf', 'WITHSCORES'), {}
  for at = 1, #found, 2 do
    places[at], places[at + 1] = string.format('%.0f', found[at + 1] - AWAY), found[at]
  end
  call_with('ZADD', set, places)
  moved = moved + #found / 2
end

local function move_pauses()
  local key = tag .. 'pauses'
  local kept = call('HGETALL', key)
  for at = 1, #kept, 2 do
    local till, rest = string.match(kept[at + 1], '^(%d+)(|.*)$')
    till = tonumber(till)
    if (step < 0 or till <= last) and (step > 0 or till > first) then
      call('HSET', key, kept[at], string.format('%.0f', till + step) .. rest)
      moved = moved + 1
    end
  end
  if step > 0 and #kept > 0 then call('PEXPIRE', key, call('PTTL', key) + step) end
end

if step ~= 0 then
  for _, queue in ipairs({ inbound, outbox }) do
    move_ends(queue .. 'lease')
    move_ends(queue .. 'delay')
    if step < 0 then
      move_places(queue .. 'ready')
      for _, line in ipairs(call('ZRANGE', queue .. 'lines', 0, -1)) do move_places(ready_set(queue, line)) end
      move_places(queue .. 'lines')
      move_places(queue .. 'suspect')
    end
    ring(queue)
  end
  if step < 0 then
    for _, pool in ipairs(call('SMEMBERS', tag .. 'pools')) do move_places(tag .. 'pool:' .. pool) end
  end
  move_pauses()
end
if leapt then call('HDEL', tag .. 'ctr', 'leapt') end
if not seen or step ~= 0 or now > seen + NOTED then call('HSET', tag .. 'ctr', 'clock', now) end
return finish({ now, step, moved })
