-- values: reads a handler's state.
-- Arguments  the keys
-- Returns    for each the value or false
function moves.values(at, last)
  local keys = {}
  for key = at + 1, last do keys[#keys + 1] = tag .. 's:' .. ARGV[key] end
  return call('MGET', unpack(keys))
end
