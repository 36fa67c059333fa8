"""The scripts that Redis runs: each is one atomic step, by the clock of Redis.

Written here because the library for this, `limits` 5.8, cannot count exactly over processes: its moving window takes
the time from the client, so that a process whose clock is 90 s ahead passes everything; its sliding window estimates;
and of several limits it counts the first although the second refuses, with a round trip for each.
"""

from typing import Final

TAKE: Final = """
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local owed, ahead, slots, share = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local given, lefts, oldest = nil, {}, {}
for i, key in ipairs(KEYS) do
    local quota, width = tonumber(ARGV[3 + 2 * i]), tonumber(ARGV[4 + 2 * i])
    local slot = math.floor(ms / width)
    local used, gone, first = 0, {}, slot
    local fields = redis.call('HGETALL', key)
    for j = 1, #fields, 2 do
        local at = tonumber(fields[j])
        -- A slot of the future was counted before the clock stepped back; it would never end by itself.
        if at < slot - slots or at > slot + 1 then
            gone[#gone + 1] = fields[j]
        else
            used = used + tonumber(fields[j + 1])
            first = math.min(first, at)
        end
    end
    if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
    lefts[i], oldest[i] = math.max(0, quota - used), first
    local more = math.min(ahead, math.max(1, math.floor(lefts[i] / share)))
    given = math.min(given or lefts[i], lefts[i], owed + more)
end
local answer = {given}
for i, key in ipairs(KEYS) do
    local width = tonumber(ARGV[4 + 2 * i])
    if given > 0 then
        redis.call('HINCRBY', key, math.floor(ms / width), given)
        redis.call('PEXPIRE', key, (slots + 2) * width)
    end
    answer[#answer + 1] = lefts[i] - given
    answer[#answer + 1] = (oldest[i] + slots + 1) * width - ms
end
return answer
"""
ENTER: Final = """
local now = redis.call('TIME')
local seconds = tonumber(ARGV[2])
for i, key in ipairs(KEYS) do
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now[1])
    -- Counted before the clock stepped back; no permit lasts so long.
    redis.call('ZREMRANGEBYSCORE', key, now[1] + 1000, '+inf')
    -- One that is renewed does not count itself.
    redis.call('ZREM', key, ARGV[1])
    if redis.call('ZCARD', key) >= tonumber(ARGV[2 + i]) then return 0 end
end
for _, key in ipairs(KEYS) do
    redis.call('ZADD', key, now[1] + seconds, ARGV[1])
    if redis.call('TTL', key) < seconds then redis.call('EXPIRE', key, seconds + 1) end
end
return 1
"""
LEAVE: Final = """
for _, key in ipairs(KEYS) do redis.call('ZREM', key, ARGV[1]) end
return 1
"""
