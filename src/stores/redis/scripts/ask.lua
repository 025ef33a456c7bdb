-- Claims that the moves of a batch ask for. They are made behind all moves, those of one queue together:
-- so a message that a move puts into a queue can be claimed by the same batch.

-- Requests by queue, in their order. The reply of each is filled when the claims are made.
local asked

each_call(function() asked = { [inbound] = {}, [outbox] = {} } end)

-- Terms of requests, of which many have the same: lease in ms, max claims, 1 to look first for what is due,
-- and then keys of the closed lines, all with a comma between them.
local read_terms = remembering(function(argument)
  local lease, most, due_too, closed = string.match(argument, '^(%d+),(%d+),(%d),?(.*)$')
  return { lease = tonumber(lease), most = tonumber(most), is_due_too = due_too == '1', closed = closed }
end)

-- Notes a request, of two arguments behind ARGV[at]: token or '' when nothing is asked, and its terms.
-- Returns  the reply, {ms until something is due or -1, claims ...}, each claim {group, head, attempt,
--          isolated, failures, outcome unknown since, note, state}; false when nothing is asked
local function ask(queue, at)
  if ARGV[at + 1] == '' then return false end
  local terms = read_terms(ARGV[at + 2])
  local request = {
    token = ARGV[at + 1], lease = terms.lease, most = terms.most, is_due_too = terms.is_due_too,
    closed = terms.closed, reply = { -1 },
  }
  table.insert(asked[queue], request)
  return request.reply
end

-- Notes a request for the claims alone that an earlier call made and whose reply was lost.
local function ask_held(queue, at)
  if not is_repeated then return false end
  local reply = ask(queue, at)
  if reply then asked[queue][#asked[queue]].is_held_only = true end
  return reply
end

-- Adds a claim to the reply of a request. Blanks in it are false.
local function grant(request, group, head, attempt, isolated, failures, unknown, note, state)
  table.insert(request.reply, {
    group, head, attempt, isolated, failures, unknown ~= '' and unknown, note ~= '' and note, state,
  })
end

-- Adds to the replies of a repeated batch the claims of the requests' tokens that were made before. What
-- comes with a claim is as it was before the call whose reply was lost.
local function give_held(queue)
  local by_token = {}
  for _, request in ipairs(asked[queue]) do by_token[request.token] = request end
  local leased = call('ZRANGE', queue .. 'lease', 0, -1)
  load_claims(queue, leased)
  for _, group in ipairs(leased) do
    local claim = claim_of(queue, group)
    local request = claim and claim[TOKEN] ~= '' and by_token[claim[TOKEN]]
    if request then
      request.is_held_only = true
      grant(request, group, call('LINDEX', queue .. 'g:' .. group, 0), claim[ATTEMPTS], claim[ISOLATED],
        claim[FAILURES], claim[WAS], claim[NOTE], value_of(tag .. 's:' .. group))
    end
  end
end

-- Tests whether one of the closed keys covers a line: the key is the line, or a prefix of it.
local function is_closed(line, closed)
  for key in string.gmatch(closed, '%x+') do
    if string.sub(line, 1, #key) == key then return true end
  end
  return false
end

-- The open lines that were served least recently, at most so many. Costs a look at each closed one.
local function open_lines(queue, closed, most)
  local found, from = {}, 0
  repeat
    local page = call('ZRANGE', queue .. 'lines', from, from + most - 1)
    for _, line in ipairs(page) do
      if #found < most and not is_closed(line, closed) then found[#found + 1] = line end
    end
    from = from + #page
  until #page < most or #found == most
  return found
end

-- Takes the groups that this batch has made ready, without placing them in their sets before: when no other
-- group is ready, and all of them can be taken. Their order is that in which `take_ready` takes them. Returns
-- nothing otherwise.
local function take_unplaced(queue, closed, most)
  local list, rest, places, by_line = unplaced[queue], {}, {}, { [false] = {} }
  if #list == 0 and queue == inbound or call('EXISTS', queue .. 'ready', queue .. 'lines') > 0 then return nil end
  local count = 0
  for _, of in ipairs(list) do
    local group, line, score, place = unpack(of)
    if line and is_closed(line, closed) then
      rest[#rest + 1] = of
    else
      if line then keep_earliest(places, line, place) end
      by_line[line] = by_line[line] or {}
      table.insert(by_line[line], { tonumber(score), group })
      count = count + 1
    end
  end
  if count > most then return nil end
  unplaced[queue] = rest

  local function in_order(one, other)
    if one[1] == other[1] then return one[2] < other[2] end
    return one[1] < other[1]
  end
  local lines = {}
  for line, place in pairs(places) do lines[#lines + 1] = { tonumber(place), line } end
  table.sort(lines, in_order)
  for _, groups in pairs(by_line) do table.sort(groups, in_order) end
  local groups = {}
  for _, of in ipairs(by_line[false]) do groups[#groups + 1] = of[2] end
  local taken_of_each = 0
  while #groups < count do
    local going_on = {}
    for _, of in ipairs(lines) do
      if by_line[of[2]][taken_of_each + 1] then going_on[#going_on + 1] = of end
    end
    lines = going_on
    local share = math.floor((most - #groups) / #lines)
    for _, of in ipairs(lines) do
      for place = taken_of_each + 1, math.min(taken_of_each + share, #by_line[of[2]]) do
        groups[#groups + 1] = by_line[of[2]][place][2]
      end
    end
    taken_of_each = taken_of_each + share
  end
  return groups
end

-- Takes ready groups: those that have waited longest without a line, and then those of the open lines, of
-- each line in its turn.
local function take_ready(queue, closed, most)
  local groups = {}
  local function take(set, count)
    local popped = call('ZPOPMIN', set, count)
    for place = 1, #popped, 2 do groups[#groups + 1] = popped[place] end
    return #popped / 2
  end
  take(queue .. 'ready', most)
  while #groups < most and queue == outbox do
    local lines = open_lines(queue, closed, most - #groups)
    if #lines == 0 then break end
    local share = math.floor((most - #groups) / #lines)
    for _, line in ipairs(lines) do
      local set = ready_set(queue, line)
      next_ticket()
      if take(set, share) == share and call('EXISTS', set) == 1 then
        call('ZADD', queue .. 'lines', ticket(), line)
      else
        call('ZREM', queue .. 'lines', line)
      end
    end
  end
  return groups
end

-- Takes the suspect that has waited longest on an open line, when no other one is being tried.
local function take_suspect(queue, closed)
  for _, group in ipairs(call('ZRANGE', queue .. 'suspect', 0, closed == '' and 0 or -1)) do
    local line = line_of(queue, group)
    if not (line and is_closed(line, closed)) then
      if call('EXISTS', queue .. 'suspect:now') == 1 then return nil end
      call('ZREM', queue .. 'suspect', group)
      call('SET', queue .. 'suspect:now', group)
      return group
    end
  end
  return nil
end

-- Claims the heads of groups that were taken, for requests in their order. A group without a message is left
-- out; returns the number of groups that had one.
local function lease_heads(queue, requests, groups, suspect)
  if #groups == 0 then return 0 end
  load_claims(queue, groups)
  local keys, at, had = {}, 1, 0
  for place, group in ipairs(groups) do keys[place] = tag .. 's:' .. group end
  load_values(keys)
  for place, group in ipairs(groups) do
    local list = queue .. 'g:' .. group
    local head = heads[list] or call('LINDEX', list, 0)
    if head then
      while #requests[at].reply > requests[at].most do at = at + 1 end
      local known = claim_of(queue, group) or { '', 0, 0, 0, '', '', '' }
      local attempt, isolated = known[ATTEMPTS] + 1, tonumber(known[ISOLATED])
      if group == suspect then isolated = isolated + 1 end
      local unknown, note, request = known[UNKNOWN], known[NOTE], requests[at]
      keep_claim(queue, group, {
        request.token, attempt, known[FAILURES], isolated, unknown ~= '' and unknown or now, unknown, note,
      })
      defer(additions, queue .. 'lease', now + request.lease, group)
      grant(request, group, head, attempt, group == suspect and isolated or 0, known[FAILURES], unknown, note,
        value_of(keys[place]))
      readied[queue][group] = nil
      had = had + 1
    else
      keep_claim(queue, group, false)
      if group == suspect then call('DEL', queue .. 'suspect:now') end
    end
  end
  return had
end

-- Claims for requests that leave out the same lines.
local function fill(queue, requests, closed, suspect)
  local missing = 0
  for _, request in ipairs(requests) do missing = missing + request.most end
  if suspect then missing = missing - lease_heads(queue, requests, { suspect }, suspect) end
  place_rest(queue)
  local unplaced_groups = missing > 0 and take_unplaced(queue, closed, math.min(missing, 256))
  if unplaced_groups then missing = missing - lease_heads(queue, requests, unplaced_groups) end
  while missing > 0 and not unplaced_groups do
    flush_sets()
    local asked_for = math.min(missing, 256)
    local groups = take_ready(queue, closed, asked_for)
    missing = missing - lease_heads(queue, requests, groups)
    if #groups < asked_for then break end
  end
  if missing > 0 and closed == '' and requests[1].is_due_too then silent[queue] = true end
end

-- The first time at which a lease ends, or a retry or a wake is due.
local function first_due(queue)
  local first
  for _, set in ipairs({ 'lease', 'delay', 'wakes' }) do
    local score = tonumber(call('ZRANGE', queue .. set, 0, 0, 'WITHSCORES')[2])
    if score and (not first or score < first) then first = score end
  end
  return first
end

-- Makes what is due ready, and returns the time until more is, in milliseconds; -1 when nothing will be.
local function look_for_due(queue)
  -- The leases of other requests of the batch count, too.
  flush_sets()
  local due = first_due(queue)
  if due and due <= now then
    -- What is left alone for now is soon looked at again.
    if reclaim(queue, CLAIM_RECLAIMS) == 0 then return 100 end
    due = first_due(queue)
  end
  return due and math.max(0, due - now) or -1
end

-- Makes the claims of one queue. Suspects come first, one at a time, and only when the caller also looks for
-- what is due, so that a busy queue does not pay for them.
local function make_claims_of(queue)
  if is_repeated then
    flush_sets()
    give_held(queue)
  end
  local run = {}
  for place, request in ipairs(asked[queue]) do
    if not request.is_held_only then
      run[#run + 1] = request
      local following = asked[queue][place + 1]
      if request.is_due_too then
        request.reply[1] = look_for_due(queue)
        fill(queue, run, request.closed, take_suspect(queue, request.closed))
        run = {}
      elseif not following or following.is_held_only or following.is_due_too
        or following.closed ~= request.closed then
        fill(queue, run, request.closed)
        run = {}
      end
    end
  end
end

local function make_claims()
  for _, queue in ipairs({ inbound, outbox }) do
    if #asked[queue] > 0 then make_claims_of(queue) end
  end
end
