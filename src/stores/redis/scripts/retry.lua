-- retry: leaves a message at the head of its group, to be claimed again after a delay.
-- Arguments  queue, group, token, sequence, 1 when suspect, delay in ms, 1 when it counts as a failure,
--            1 when its outcome stays unknown, note or '', max records, message or '', kinds, detail
-- Returns    OK | LOST
preparations.retry = prepare_settlement

function moves.retry(at)
  local queue, group = tag .. ARGV[at + 1], ARGV[at + 2]
  if not is_ours(queue, group, ARGV[at + 3], ARGV[at + 4]) then return 'LOST' end
  local claim = claim_of(queue, group)
  end_lease(queue, group)
  -- The worker survived the message, so it is no suspect.
  claim[TOKEN], claim[ATTEMPTS], claim[ISOLATED], claim[WAS] = '', 0, 0, ''
  if ARGV[at + 5] == '1' then call('DEL', queue .. 'suspect:now') end
  if ARGV[at + 7] == '1' then claim[FAILURES] = claim[FAILURES] + 1 end
  if ARGV[at + 8] == '0' then claim[UNKNOWN] = '' end
  claim[NOTE] = ARGV[at + 9]
  keep_or_forget(queue, group, claim)
  if ARGV[at + 6] == '0' then
    make_ready(queue, group, 0)
  else
    defer(additions, queue .. 'delay', now + ARGV[at + 6], group)
    ring(queue)
  end
  if ARGV[at + 11] ~= '' then record(ARGV[at + 11], ARGV[at + 12], ARGV[at + 13], ARGV[at + 10]) end
  return 'OK'
end
