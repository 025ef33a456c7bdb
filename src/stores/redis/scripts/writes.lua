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
local last_place

each_call(function() last_place = 0 end)

-- Carries out `count` writes, of four arguments each from ARGV[at], and returns the place after them:
-- P key value ttl | R key | I pool group ttl | T pool group | C name by ttl, padded with blanks.
local function write(at, count)
  for _ = 1, count do
    local kind, name, value, extra = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
    if kind == 'P' then
      put_value(tag .. 's:' .. name, value, extra)
    elseif kind == 'R' then
      remove_value(tag .. 's:' .. name)
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
