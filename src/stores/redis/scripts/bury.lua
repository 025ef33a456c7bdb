-- bury: moves a message from the head of its group to the dead letters; its group goes on.
-- KEYS[1]  tag of the partition
-- ARGV     queue, group, token, sequence, 1 when suspect, reason, max dead letters,
--          inbound message of which this settles an outbound one or '',
--          number of outbound messages to wait for (2 or more, else 0),
--          max records, message or '', kinds, detail, number of writes, the writes,
--          then (group, id, payload) for each outbox entry
-- Returns  OK | LOST
local queue, group = tag .. ARGV[1], ARGV[2]
if not is_ours(queue, group, ARGV[3], ARGV[4]) then return 'LOST' end
local head = call('LINDEX', queue .. 'g:' .. group, 0)
call('XADD', queue .. 'dead', 'MAXLEN', '~', ARGV[7], '*', 'g', group, 'h', head, 'r', ARGV[6])
remove_head(queue, group, ARGV[5] == '1')
ring(queue)
for i = write(15, tonumber(ARGV[14])), #ARGV, 3 do append(tag .. 'out:', ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
local kinds = settle(ARGV[8], ARGV[12])
expect(ARGV[11], ARGV[9])
if ARGV[11] ~= '' then record(ARGV[11], kinds, ARGV[13], ARGV[10]) end
return 'OK'
