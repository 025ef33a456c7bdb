-- Moves by name. Each takes the index in front of its arguments, that of the last, and what its preparation
-- has read of them, and returns its reply. All moves of a batch are prepared before the first is carried out:
-- a preparation names what its move will read, and changes nothing.
local moves, preparations = {}, {}

-- What the moves will read: keys of values, and groups with claims by queue. Further loads are added by moves
-- that read something else ahead.
local wanted_values, wanted_claims = {}, { [inbound] = {}, [outbox] = {} }
local loads = {}

local function want_value(key)
  wanted_values[#wanted_values + 1] = key
end

local function load_wanted()
  load_values(wanted_values)
  for queue, groups in pairs(wanted_claims) do load_claims(queue, groups) end
  for _, load in ipairs(loads) do load() end
end

-- The numbers of an argument, which have commas between them. Those of a topic are the same in many moves.
local numbers_of = {}
local function numbers(argument)
  local known = numbers_of[argument]
  if not known then
    known = {}
    for number in string.gmatch(argument, '[^,]+') do known[#known + 1] = tonumber(number) end
    numbers_of[argument] = known
  end
  return known
end

-- An earlier call of the batch may have taken effect, and its reply was lost.
local is_repeated = ARGV[1] == '1'

-- Makes the claims that moves ask for, behind all of them.
local function make_claims() end
