-- Moves by name. Each takes the index in front of its arguments, and that of the last, and returns its reply.
local moves = {}

-- Moves that settle a claim: their first two arguments are its queue and its group.
local settles = { complete = true, retry = true, release = true, bury = true }

-- An earlier call of the batch may have taken effect, and its reply was lost.
local is_repeated = ARGV[1] == '1'

-- Makes the claims that moves ask for, behind all of them.
local function make_claims() end
