-- moves: carries out moves of a partition in their order, and then makes the claims that they ask for.
-- KEYS[1]  tag of the partition
-- ARGV     1 when this is a repeated call, number of moves, and for each its name, its number of arguments,
--          and its arguments
-- Returns  the reply of each move; a status with the error for one that failed, while the others took effect
local replies = {}

local function error_of(failure)
  return type(failure) == 'table' and failure.err or tostring(failure)
end

-- Calls a function with the place of each move in its order, its name, and the indexes around its arguments.
local function for_each(carry_out)
  local at = 3
  for place = 1, tonumber(ARGV[2]) do
    local last = at + 1 + ARGV[at + 1]
    carry_out(place, ARGV[at], at + 1, last)
    at = last + 1
  end
end

local prepared = {}
for_each(function(place, name, at, last)
  local prepare = preparations[name]
  prepared[place] = prepare and prepare(at, last)
end)
load_wanted()
for_each(function(place, name, at, last)
  local done, reply = pcall(moves[name], at, last, prepared[place])
  -- A client takes a reply with an error in it for an error of all.
  replies[place] = done and reply or redis.status_reply(error_of(reply))
  next_ticket()
end)
-- What the moves have changed is written even if a claim fails, as it does at a key of another type.
local done, failure = pcall(make_claims)
finish()
return done and replies or redis.error_reply(error_of(failure))
