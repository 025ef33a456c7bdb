-- Digests of what was accepted or recorded. They are in sets, one for each window of some days, and those of
-- this window and the one before it count; near its end also those of the next, which a clock that was stepped
-- back has filled before.

-- This window and those beside it, by their days.
local windows

each_call(function() windows = {} end)

local function window(days)
  local found = windows[days]
  if not found then
    local span = days * 86400
    local number = math.floor(clock[1] / span)
    local function key(of) return tag .. 'dd:' .. string.format('%.0f', of) end
    found = { key = key(number), life = 2 * span, known = {}, wanted = {}, added = {} }
    found.keys = { found.key, key(number - 1) }
    if (number + 1) * span - clock[1] < 7200 then found.keys[3] = key(number + 1) end
    windows[days] = found
  end
  return found
end

local function want_digest(digests, digest)
  if digests.known[digest] == nil then
    digests.known[digest] = false
    table.insert(digests.wanted, digest)
  end
end

local function load_digests()
  for _, digests in pairs(windows) do
    for _, key in ipairs(digests.keys) do
      for from = 1, #digests.wanted, 1000 do
        local last = math.min(from + 999, #digests.wanted)
        local found = call('SMISMEMBER', key, unpack(digests.wanted, from, last))
        for at = from, last do
          if found[at - from + 1] == 1 then digests.known[digests.wanted[at]] = true end
        end
      end
    end
    digests.wanted = {}
  end
end
loads[#loads + 1] = load_digests

local function is_known(digests, digest)
  return digests.known[digest]
end

local function remember(digests, digest)
  digests.known[digest] = true
  table.insert(digests.added, digest)
end

flushes[#flushes + 1] = function()
  for _, digests in pairs(windows) do
    if #digests.added > 0 then
      call_with('SADD', digests.key, digests.added)
      call('EXPIRE', digests.key, digests.life, 'NX')
    end
  end
end
