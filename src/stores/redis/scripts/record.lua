-- record: records facts about a message that is in no queue, once, and not after later ones. Notes the
-- provider's id of an outbound message that is not known to be sent.
-- Arguments  days that a digest is remembered, max records, message, kinds, detail,
--            key of the note, provider's id, time of the note in ms, name of that id when another store knew it,
--            digest of the facts, then the digests of the facts that supersede them
-- Returns    OK | DUP
function preparations.record(at, last)
  local digests = window(tonumber(ARGV[at + 1]))
  for known = at + 10, last do want_digest(digests, ARGV[known]) end
  return digests
end

function moves.record(at, last, digests)
  for known = at + 10, last do
    if is_known(digests, ARGV[known]) then return 'DUP' end
  end
  if ARGV[at + 6] ~= ''
    and call('EXISTS', tag .. 'sid:' .. ARGV[at + 7], tag .. 'sid:' .. ARGV[at + 9]) == 0 then
    put_value(tag .. 's:' .. ARGV[at + 6], ARGV[at + 7], ARGV[at + 8])
  end
  if last < at + 10 then return 'OK' end
  remember(digests, ARGV[at + 10])
  record(ARGV[at + 3], ARGV[at + 4], ARGV[at + 5], ARGV[at + 2])
  return 'OK'
end
