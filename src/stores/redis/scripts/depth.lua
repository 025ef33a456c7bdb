-- depth: counts the messages and groups of a queue.
-- KEYS[1]  tag of the partition
-- ARGV     queue
-- Returns  {messages, ready groups, leased, delayed, suspect, scheduled wakes, dead letters}
local queue = tag .. ARGV[1]
local function size(set) return call('ZCARD', queue .. set) end
local counters = call('HMGET', queue .. 'ctr', 'seq', 'done')
local ready = size('ready')
for _, line in ipairs(call('ZRANGE', queue .. 'lines', 0, -1)) do
  ready = ready + size('ready:' .. line)
end
return {
  math.max(0, (counters[1] or 0) - (counters[2] or 0)), ready, size('lease'), size('delay'),
  size('suspect'), size('wakes'), call('XLEN', queue .. 'dead'),
}
