-- values: reads a handler's state.
-- Arguments  the keys
-- Returns    for each the value or false
function preparations.values(at, last)
  local keys = {}
  for key = at + 1, last do
    keys[#keys + 1] = tag .. 's:' .. ARGV[key]
    want_value(keys[#keys])
  end
  return keys
end

function moves.values(_, _, keys)
  local found = {}
  for place, key in ipairs(keys) do found[place] = value_of(key) end
  return found
end
