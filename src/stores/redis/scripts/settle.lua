-- Moves that settle a claim: their first five arguments are its queue, group, token and sequence, and 1 when
-- its message is a suspect.
local function prepare_settlement(at)
  table.insert(wanted_claims[tag .. ARGV[at + 1]], ARGV[at + 2])
end
