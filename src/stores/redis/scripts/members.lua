-- members: lists the members of a pool whose time is not over, in the order of their places.
-- KEYS[1]  tag of the partition
-- ARGV     pool, max members
-- Returns  {group, ticket, group, ticket, ...}
local pool, most = ARGV[1], tonumber(ARGV[2])
local found, from = {}, 0
while #found < 2 * most do
  local page = call('ZRANGE', tag .. 'pool:' .. pool, from, from + most - 1, 'WITHSCORES')
  if #page == 0 then break end
  for i = 1, #page, 2 do
    if #found < 2 * most and not has_expired(pool, page[i]) then
      found[#found + 1], found[#found + 2] = page[i], page[i + 1]
    end
  end
  from = from + most
end
return found
