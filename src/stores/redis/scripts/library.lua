-- Registers a script as a function of the library. Flags are those of Redis: a function with `allow-oom` runs
-- when memory is full.
local function register(name, flags, run)
  redis.register_function({
    function_name = PREFIX .. name,
    flags = flags,
    callback = function(keys, arguments)
      begin(keys, arguments)
      return run()
    end,
  })
end
