-- moves: carries out moves of a partition in their order, and then makes the claims that they ask for.
-- KEYS[1]  tag of the partition
-- ARGV     1 when this is a repeated call, number of moves, and for each its name, its number of arguments,
--          and its arguments
-- Returns  the reply of each move; an error for one that failed, while the others took effect
local at, replies = 3, {}
for place = 1, tonumber(ARGV[2]) do
  local last = at + 1 + ARGV[at + 1]
  local done, reply = pcall(moves[ARGV[at]], at + 1, last)
  replies[place] = done and reply or redis.error_reply(type(reply) == 'table' and reply.err or tostring(reply))
  next_ticket()
  at = last + 1
end
make_claims()
return finish(replies)
