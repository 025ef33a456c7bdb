-- unbury: takes dead letters away, and appends them to their groups again when they are replayed.
-- KEYS[1]  tag of the partition
-- ARGV     queue, token of the call, 1 when this is a repeated call, 1 to replay, and then for each letter:
--            id, inbound message that waits for it again or '', max records, message or '', kinds, detail
-- Returns  number of letters that were taken away, also when it is repeated
local queue, answer = tag .. ARGV[1], tag .. 'answer:' .. ARGV[2]
local known = ARGV[3] == '1' and call('GET', answer)
if known then return tonumber(known) end

-- The group, id and payload of a letter. One that cannot be read is an error, before anything is changed.
local function parse(letter)
  local fields = {}
  for at = 1, #letter, 2 do fields[letter[at]] = letter[at + 1] end
  local length, from = string.match(fields.h, '^%d+|(%d+)|()')
  local id = string.sub(fields.h, from, from + length - 1)
  return { fields.g, id, string.sub(fields.h, from + length) }
end

local letters = {}
for at = 5, #ARGV, 6 do
  local found = call('XRANGE', queue .. 'dead', ARGV[at], ARGV[at])[1]
  letters[at] = found and (ARGV[4] ~= '1' or parse(found[2]))
end

local taken = 0
for at = 5, #ARGV, 6 do
  local letter = letters[at]
  -- A letter that is named twice is taken once.
  if letter and call('XDEL', queue .. 'dead', ARGV[at]) == 1 then
    if ARGV[4] == '1' then add(queue, unpack(letter)) end
    if ARGV[at + 1] ~= '' then call('HINCRBY', tag .. 'owed', ARGV[at + 1], 1) end
    if ARGV[at + 3] ~= '' then record(ARGV[at + 3], ARGV[at + 4], ARGV[at + 5], ARGV[at + 2]) end
    taken = taken + 1
  end
end
call('SET', answer, taken, 'PX', 60000)
return finish(taken)
