-- claim: takes the heads of the next ready groups, under a lease.
-- Arguments  queue, a request (as in the function ask)
-- Returns    claims (as in the function ask)
function moves.claim(at)
  return ask(tag .. ARGV[at + 1], at + 1)
end
