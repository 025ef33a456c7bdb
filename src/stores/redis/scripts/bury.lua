-- bury: moves a message from the head of its group to the dead letters; its group goes on.
-- Arguments  queue, group, token, sequence, 1 when suspect, reason, max dead letters,
--            inbound message of which this settles an outbound one or '',
--            number of outbound messages to wait for (2 or more, else 0),
--            max records, message or '', kinds, detail, number of writes, the writes,
--            then (group, id, payload) for each outbox entry
-- Returns    OK | LOST
preparations.bury = prepare_settlement

function moves.bury(at, last)
  local queue, group = tag .. ARGV[at + 1], ARGV[at + 2]
  if not is_claimed(queue, group, ARGV[at + 3]) then return 'LOST' end
  local head = take_head(queue, group, ARGV[at + 4], ARGV[at + 5] == '1')
  if not head then return 'LOST' end
  call('XADD', queue .. 'dead', 'MAXLEN', '~', ARGV[at + 7], '*', 'g', group, 'h', head, 'r', ARGV[at + 6])
  for entry = write(at + 15, tonumber(ARGV[at + 14])), last, 3 do
    add(outbox, ARGV[entry], ARGV[entry + 1], ARGV[entry + 2])
  end
  local kinds = settle(ARGV[at + 8], ARGV[at + 12])
  expect(ARGV[at + 11], ARGV[at + 9])
  if ARGV[at + 11] ~= '' then record(ARGV[at + 11], kinds, ARGV[at + 13], ARGV[at + 10]) end
  return 'OK'
end
