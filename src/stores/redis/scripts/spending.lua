-- spending: reads what was spent today, and what was added to the budget.
-- KEYS[1]  tag of the first partition of the topic
-- ARGV     scope
-- Returns  {spent, added}
local of_day = tag .. 'c:segments:' .. math.floor(clock[1] / 86400) .. ':'
local spent, added = call('GET', of_day .. 'spent:' .. ARGV[1]), call('GET', of_day .. 'added:' .. ARGV[1])
return { tonumber(spent or '0'), tonumber(added or '0') }
