-- admit: counts a message that is about to be sent, unless a rate, a budget or a repetition holds it back.
-- Arguments  cost in segments,
--            bucket or '', its interval, capacity and reserve in microseconds,
--            key of a repetition or '', text, id of the message, limit, window in ms,
--            life of a day's counts in ms,
--            then a scope and its segments for each budget
-- Returns    {YES, microseconds until the next, day} | {LATER, microseconds} | {SPENT, index, ms of the day} |
--            {REPEATED}
function moves.admit(at, last)
  local cost = tonumber(ARGV[at + 1])
  local day = math.floor(clock[1] / 86400)

  local repeat_key, count = tag .. 'rep:' .. ARGV[at + 6] .. ':' .. ARGV[at + 7], 0
  if ARGV[at + 6] ~= '' then
    local known = call('HMGET', repeat_key, 'count', 'id')
    if known[1] then
      count = tonumber(known[1])
      if known[2] ~= ARGV[at + 8] then count = count + 1 end
      if count > tonumber(ARGV[at + 9]) then return { 'REPEATED' } end
    end
  end

  for i = at + 12, last, 2 do
    local of_day = tag .. 'c:segments:' .. day .. ':'
    local spent = tonumber(call('GET', of_day .. 'spent:' .. ARGV[i]) or '0')
    local added = tonumber(call('GET', of_day .. 'added:' .. ARGV[i]) or '0')
    local limit = tonumber(ARGV[i + 1]) + added
    -- A message that costs more than a whole day has is the only one of its day.
    if spent + math.max(1, math.min(cost, limit)) > limit then
      return { 'SPENT', (i - at - 12) / 2, (day + 1) * 86400000 - now }
    end
  end

  local next_in = 0
  if ARGV[at + 2] ~= '' then
    local key = tag .. 'rate:' .. ARGV[at + 2]
    local interval, capacity, reserve = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
    -- The time at which the bucket is full: never in the past when it is new.
    local full_at = tonumber(call('GET', key) or '0')
    local function keep(full)
      -- Kept for as long as it tells more than a full bucket, also to those who leave a reserve.
      local life = math.ceil((full - micros + capacity + interval) / 1000)
      call('SET', key, string.format('%.0f', full), 'PX', life)
    end
    local most = micros + capacity + MOST_OWED * interval
    if full_at > most then
      full_at = most
      keep(full_at)
    end
    local wait = full_at + math.min(cost * interval, capacity) + reserve - micros - capacity
    if wait > 0 then return { 'LATER', wait } end
    full_at = math.max(full_at, micros) + cost * interval
    next_in = math.max(0, full_at + math.min(interval, capacity) - micros - capacity)
    keep(full_at)
  end

  if ARGV[at + 6] ~= '' then
    local is_new = count == 0
    call('HSET', repeat_key, 'count', math.max(count, 1), 'id', ARGV[at + 8])
    if is_new then call('PEXPIRE', repeat_key, ARGV[at + 10]) end
  end
  for i = at + 12, last, 2 do
    local spent = tag .. 'c:segments:' .. day .. ':spent:' .. ARGV[i]
    call('INCRBY', spent, cost)
    call('PEXPIRE', spent, ARGV[at + 11])
  end
  return { 'YES', next_in, day }
end
