-- Moves by name. Each takes the index in front of its arguments, and that of the last, and returns its reply.
local moves = {}

-- An earlier call of the batch may have taken effect, and its reply was lost.
local is_repeated = ARGV[1] == '1'

-- Makes the claims that moves ask for, behind all of them.
local function make_claims() end
