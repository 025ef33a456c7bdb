-- moves: carries out moves of a partition in their order, and then makes the claims that they ask for.
-- KEYS[1]  tag of the partition
-- ARGV     1 when this is a repeated call, number of moves, and for each its name, its number of arguments,
--          and its arguments
-- Returns  the reply of each move; a status with the error for one that failed, while the others took effect
local at, replies = 3, {}

local function error_of(failure)
  return type(failure) == 'table' and failure.err or tostring(failure)
end

-- Reads the claims that the moves settle with one command for each queue.
local function load_settled()
  local groups, move = { [inbound] = {}, [outbox] = {} }, at
  for _ = 1, tonumber(ARGV[2]) do
    if settles[ARGV[move]] then table.insert(groups[tag .. ARGV[move + 2]], ARGV[move + 3]) end
    move = move + 2 + ARGV[move + 1]
  end
  for queue, of_queue in pairs(groups) do load_claims(queue, of_queue) end
end

load_settled()
for place = 1, tonumber(ARGV[2]) do
  local last = at + 1 + ARGV[at + 1]
  local done, reply = pcall(moves[ARGV[at]], at + 1, last)
  -- A client takes a reply with an error in it for an error of all.
  replies[place] = done and reply or redis.status_reply(error_of(reply))
  next_ticket()
  at = last + 1
end
-- What the moves have changed is written even if a claim fails, as it does at a key of another type.
local done, failure = pcall(make_claims)
finish()
return done and replies or redis.error_reply(error_of(failure))
