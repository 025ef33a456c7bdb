-- depth: counts the messages and groups of a queue.
-- KEYS[1]  tag of the partition
-- ARGV     queue
-- Returns  {messages, ready groups, leased, delayed, suspect, scheduled wakes, dead letters}
local queue = tag .. ARGV[1]
local function size(set) return call('ZCARD', queue .. set) end
local of = counter(queue)
local ready = size('ready')
for _, line in ipairs(call('ZRANGE', queue .. 'lines', 0, -1)) do
  ready = ready + size('ready:' .. line)
end
return {
  math.max(0, of.seq - of.done), ready, size('lease'), size('delay'),
  size('suspect'), size('wakes'), call('XLEN', queue .. 'dead'),
}
