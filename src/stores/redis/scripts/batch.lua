-- Moves by name. Each takes the index in front of its arguments, that of the last, and what its preparation
-- has read of them, and returns its reply. All moves of a batch are prepared before the first is carried out:
-- a preparation names what its move will read, and changes nothing.
local moves, preparations = {}, {}

-- What the moves will read: keys of values, and groups with claims by queue. Further loads are added by moves
-- that read something else ahead.
local wanted_values, wanted_claims
local loads = {}

-- An earlier call of the batch may have taken effect, and its reply was lost.
local is_repeated

each_call(function()
  wanted_values, wanted_claims = {}, { [inbound] = {}, [outbox] = {} }
  is_repeated = ARGV[1] == '1'
end)

local function want_value(key)
  wanted_values[#wanted_values + 1] = key
end

local function load_wanted()
  load_values(wanted_values)
  for queue, groups in pairs(wanted_claims) do load_claims(queue, groups) end
  for _, load in ipairs(loads) do load() end
end

-- Makes a function that remembers what another one made of an argument. Most arguments of a topic come again
-- with each call; those that do not are forgotten with all others from time to time.
local function remembering(make)
  local known, count = {}, 0
  return function(argument)
    local made = known[argument]
    if not made then
      if count == 1000 then known, count = {}, 0 end
      made = make(argument)
      known[argument], count = made, count + 1
    end
    return made
  end
end

-- The numbers of an argument, which have commas between them.
local numbers = remembering(function(argument)
  local found = {}
  for number in string.gmatch(argument, '[^,]+') do found[#found + 1] = tonumber(number) end
  return found
end)
