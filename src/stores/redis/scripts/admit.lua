-- admit: counts a message that is about to be sent, unless a rate, a budget or a repetition holds it back.
-- Arguments  cost in segments, bucket or '', key of a repetition or '', text, id of the message,
--            terms, numbers: of the bucket its interval, capacity and reserve in microseconds; of the repetition
--              its limit and window in ms; life of a day's counts in ms,
--            then a scope and its segments for each budget
-- Returns    {YES, microseconds until the next, day} | {LATER, microseconds} | {SPENT, index, ms of the day} |
--            {REPEATED}
function preparations.admit(at, last)
  local read = { day = math.floor(clock[1] / 86400), spent = {}, added = {} }
  if ARGV[at + 2] ~= '' then
    read.bucket = tag .. 'rate:' .. ARGV[at + 2]
    want_value(read.bucket)
  end
  if ARGV[at + 3] ~= '' then
    read.repeated = tag .. 'rep:' .. ARGV[at + 3] .. ':' .. ARGV[at + 4]
    want_value(read.repeated)
  end
  for scope = at + 7, last, 2 do
    for _, kind in ipairs({ 'spent', 'added' }) do
      local key = tag .. 'c:segments:' .. read.day .. ':' .. kind .. ':' .. ARGV[scope]
      read[kind][scope] = key
      want_value(key)
    end
  end
  return read
end

local function count_of(key)
  return tonumber(value_of(key) or '0')
end

function moves.admit(at, last, read)
  local cost, next_in = tonumber(ARGV[at + 1]), 0
  local interval, capacity, reserve, limit, window, life = unpack(numbers(ARGV[at + 6]))

  -- Of a text that is repeated, what was counted and the last message with it.
  local count, known = 0, read.repeated and value_of(read.repeated)
  if known then
    local counted, id = string.match(known, '^(%d+)|(.*)$')
    count = id == ARGV[at + 5] and tonumber(counted) or counted + 1
    if count > limit then return { 'REPEATED' } end
  end

  for scope = at + 7, last, 2 do
    local spent, most = count_of(read.spent[scope]), tonumber(ARGV[scope + 1]) + count_of(read.added[scope])
    -- A message that costs more than a whole day has is the only one of its day.
    if spent + math.max(1, math.min(cost, most)) > most then
      return { 'SPENT', (scope - at - 7) / 2, (read.day + 1) * 86400000 - now }
    end
  end

  if read.bucket then
    -- The time at which the bucket is full: never in the past when it is new.
    local full_at = count_of(read.bucket)
    local function keep(full)
      -- Kept for as long as it tells more than a full bucket, also to those who leave a reserve.
      local kept = math.ceil((full - micros + capacity + interval) / 1000)
      put_value(read.bucket, string.format('%.0f', full), kept)
    end
    local latest = micros + capacity + MOST_OWED * interval
    if full_at > latest then
      full_at = latest
      keep(full_at)
    end
    local wait = full_at + math.min(cost * interval, capacity) + reserve - micros - capacity
    if wait > 0 then return { 'LATER', wait } end
    full_at = math.max(full_at, micros) + cost * interval
    next_in = math.max(0, full_at + math.min(interval, capacity) - micros - capacity)
    keep(full_at)
  end

  if read.repeated then
    put_value(read.repeated, math.max(count, 1) .. '|' .. ARGV[at + 5], count == 0 and window or nil)
  end
  for scope = at + 7, last, 2 do
    local key = read.spent[scope]
    put_value(key, string.format('%.0f', count_of(key) + cost), life)
  end
  return { 'YES', next_in, read.day }
end
