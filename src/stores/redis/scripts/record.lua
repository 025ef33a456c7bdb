-- record: records facts about a message that is in no queue, once, and not after later ones. Notes the
-- provider's id of an outbound message that is not known to be sent.
-- Arguments  days that a digest is remembered, max records, message, kinds, detail,
--            key of the note, provider's id, time of the note in ms, name of that id when another store knew it,
--            digest of the facts, then the digests of the facts that supersede them
-- Returns    OK | DUP
function moves.record(at, last)
  local seen, before, life = windows(ARGV[at + 1])
  for known = at + 10, last do
    if call('SISMEMBER', seen, ARGV[known]) == 1
      or before and call('SISMEMBER', before, ARGV[known]) == 1 then
      return 'DUP'
    end
  end
  if ARGV[at + 6] ~= ''
    and call('EXISTS', tag .. 'sid:' .. ARGV[at + 7], tag .. 'sid:' .. ARGV[at + 9]) == 0 then
    call('SET', tag .. 's:' .. ARGV[at + 6], ARGV[at + 7], 'PX', ARGV[at + 8])
  end
  if last < at + 10 then return 'OK' end
  remember(seen, ARGV[at + 10], life)
  record(ARGV[at + 3], ARGV[at + 4], ARGV[at + 5], ARGV[at + 2])
  return 'OK'
end
