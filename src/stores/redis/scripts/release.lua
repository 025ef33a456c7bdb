-- release: returns a claim as if it had never been made.
-- Arguments  queue, group, token, sequence, 1 when suspect,
--            1 when the outcome was already unknown before the claim
-- Returns    OK | LOST
preparations.release = prepare_settlement

function moves.release(at)
  local queue, group = tag .. ARGV[at + 1], ARGV[at + 2]
  if not is_ours(queue, group, ARGV[at + 3], ARGV[at + 4]) then return 'LOST' end
  local claim = claim_of(queue, group)
  end_lease(queue, group)
  claim[TOKEN], claim[WAS], claim[ATTEMPTS] = '', '', claim[ATTEMPTS] - 1
  if ARGV[at + 6] == '0' then claim[UNKNOWN] = '' end
  if ARGV[at + 5] == '1' then
    call('DEL', queue .. 'suspect:now')
    claim[ISOLATED] = claim[ISOLATED] - 1
    defer(additions, queue .. 'suspect', 0, group)
    ring(queue)
  else
    make_ready(queue, group, 0)
  end
  keep_or_forget(queue, group, claim)
  return 'OK'
end
