-- What wrk asks: the status of one upload of the file IDS at random, in the name of the session of TOKEN.

local ids = {}
for id in io.lines(os.getenv("IDS")) do
  ids[#ids + 1] = id
end
local headers = { ["X-Session-Token"] = os.getenv("TOKEN") }
math.randomseed(os.time())

function request()
  return wrk.format("GET", "/api/status/" .. ids[math.random(#ids)], headers)
end
