-- heads: reads the first messages of groups, by state.
-- KEYS[1]  tag of the partition
-- ARGV     queue, number of groups of each state
-- Costs    a look at the first group of each line, and at all of these for each ready group that is returned
-- Returns  {state, ms until its end, group, head, claims, failures, messages of the group} for each
local queue, limit = tag .. ARGV[1], tonumber(ARGV[2])
local found = {}

local function add(state, group, ends)
  local list = queue .. 'g:' .. group
  local head = call('LINDEX', list, 0)
  if not head then return end
  local claim = claim_of(queue, group)
  local left = math.max(0, ends - now)
  local attempts, failures = claim and claim[ATTEMPTS] or '0', claim and claim[FAILURES] or '0'
  found[#found + 1] = { state, left, group, head, attempts, failures, call('LLEN', list) }
end

for _, state in ipairs({ 'lease', 'delay', 'suspect' }) do
  local groups = call('ZRANGE', queue .. state, 0, limit - 1, 'WITHSCORES')
  for at = 1, #groups, 2 do add(state, groups[at], state == 'suspect' and now or tonumber(groups[at + 1])) end
end

-- Each line has its ready groups in order; the next of all is the first of one of them.
local fronts = {}
local function advance(front, rank)
  local group = call('ZRANGE', front.set, rank, rank, 'WITHSCORES')
  front.rank, front.group, front.score = rank, group[1], tonumber(group[2])
end
local sets = { queue .. 'ready' }
for _, line in ipairs(call('ZRANGE', queue .. 'lines', 0, -1)) do sets[#sets + 1] = ready_set(queue, line) end
for _, set in ipairs(sets) do
  local front = { set = set }
  advance(front, 0)
  if front.group then fronts[#fronts + 1] = front end
end
for _ = 1, limit do
  local first
  for _, front in ipairs(fronts) do
    if front.group and (not first or front.score < first.score) then first = front end
  end
  if not first then break end
  add('ready', first.group, now)
  advance(first, first.rank + 1)
end
return found
