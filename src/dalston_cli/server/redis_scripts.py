"""What Redis does in one step each: the scripts of ``RedisQueue``, in Redis's Lua.

``KEYS[1]`` is what all names begin with. A job is a hash: its document, its owner, its entry in the
stream while it waits or is worked on, and the token of the process that holds it. ``ADD`` writes
all but the last at once, so that a job that is there has them.

What a script has written stays where a command of it fails after that: those that may fail, as
``XCLAIM`` does where the stream is lost, come first.

Reference: https://redis.io/docs/latest/develop/data-types/streams
"""

_NAMES = """\
local p = KEYS[1]
local job = p .. 'job:' .. ARGV[1]
local stream, group = p .. 'waiting', 'workers'
local function forget_entry()
  local entry = redis.call('HGET', job, 'entry')
  if entry then
    redis.call('XACK', stream, group, entry)
    redis.call('XDEL', stream, entry)
  end
  redis.call('SREM', p .. 'queued', ARGV[1])
  redis.call('SREM', p .. 'queued:' .. (redis.call('HGET', job, 'owner') or ''), ARGV[1])
end
local function count_bytes(bytes)
  redis.call('INCRBY', p .. 'bytes', bytes - (redis.call('HGET', job, 'bytes') or 0))
  redis.call('HSET', job, 'bytes', bytes)
end
local function now_s()
  local now = redis.call('TIME')
  return now[1] + now[2] / 1000000
end
"""

ADD = (
    _NAMES
    + """\
local number, document, owner, created, bytes, key = unpack(ARGV)
if key ~= '' then
  local known = redis.call('HGET', p .. 'keys', key)
  local kept = known and redis.call('HGET', p .. 'job:' .. known, 'document')
  if kept then return kept end
  redis.call('HSET', p .. 'keys', key, number)
end
if redis.call('EXISTS', job) == 1 then return redis.call('HGET', job, 'document') end
local entry = redis.call('XADD', stream, '*', 'job', number)
redis.call('HSET', job, 'document', document, 'owner', owner, 'entry', entry, 'key', key)
count_bytes(bytes)
redis.call('ZADD', p .. 'jobs:' .. owner, created, number)
redis.call('SADD', p .. 'queued', number)
redis.call('SADD', p .. 'queued:' .. owner, number)
return document
"""
)
"""Keep a job: id, document, owner, time, bytes of its upload, key or nothing."""

BEGIN = (
    _NAMES
    + """\
local number, entry, token = unpack(ARGV)
if redis.call('HGET', job, 'entry') ~= entry then
  redis.call('XACK', stream, group, entry)
  redis.call('XDEL', stream, entry)
  return false
end
redis.call('HSET', job, 'holder', token)
redis.call('SREM', p .. 'queued', number)
redis.call('SREM', p .. 'queued:' .. redis.call('HGET', job, 'owner'), number)
return {redis.call('HGET', job, 'document'), redis.call('HINCRBY', job, 'takes', 1)}
"""
)
"""Hold a job that the stream gave out: id, entry, token."""

PUT = (
    _NAMES
    + """\
local number, token, document, state, bytes, untold, lease_s = unpack(ARGV)
if redis.call('EXISTS', job) == 0 then return 0 end
if redis.call('HGET', job, 'document') == document and state == 'ended' then return 1 end
if (redis.call('HGET', job, 'holder') or '') ~= token then return 0 end
local entry = redis.call('HGET', job, 'entry')
if state ~= 'ended' and (token == '' or not entry) then return 0 end
if state == 'queued' then
  redis.call('XCLAIM', stream, group, 'any', 0, entry, 'IDLE', 86400000, 'JUSTID')
end
redis.call('HSET', job, 'document', document)
count_bytes(bytes)
if state == 'ended' then
  forget_entry()
  redis.call('HDEL', job, 'entry', 'holder', 'progress')
  redis.call('EXPIRE', p .. 'told:' .. number, 3600)
  if untold == '1' then
    redis.call('ZADD', p .. 'untold', now_s() + lease_s, number)
  else
    redis.call('ZREM', p .. 'untold', number)
  end
elseif state == 'queued' then
  redis.call('HDEL', job, 'holder', 'progress')
  redis.call('HINCRBY', job, 'takes', -1)
  redis.call('SADD', p .. 'queued', number)
  redis.call('SADD', p .. 'queued:' .. redis.call('HGET', job, 'owner'), number)
end
return 1
"""
)
"""Keep a job as it is now: id, token or nothing, document, state, bytes, untold, lease."""

RENEW = (
    _NAMES
    + """\
local number, token, progress = unpack(ARGV)
if redis.call('HGET', job, 'holder') ~= token then return 0 end
redis.call('XCLAIM', stream, group, 'any', 0, redis.call('HGET', job, 'entry'), 'JUSTID')
redis.call('HSET', job, 'progress', progress)
for index = 4, #ARGV do redis.call('RPUSH', p .. 'told:' .. number, ARGV[index]) end
return 1
"""
)
"""Hold a job for longer: id, token, how far it is, events."""

REMOVE = (
    _NAMES
    + """\
if redis.call('EXISTS', job) == 0 then return 0 end
local owner, key = redis.call('HGET', job, 'owner'), redis.call('HGET', job, 'key')
forget_entry()
count_bytes(0)
if key ~= '' and redis.call('HGET', p .. 'keys', key) == ARGV[1] then
  redis.call('HDEL', p .. 'keys', key)
end
redis.call('ZREM', p .. 'jobs:' .. owner, ARGV[1])
redis.call('ZREM', p .. 'untold', ARGV[1])
redis.call('DEL', job, p .. 'told:' .. ARGV[1])
return 1
"""
)
"""Forget a job: id."""

UNTOLD = (
    _NAMES
    + """\
local due = now_s() + ARGV[1]
for index = 2, #ARGV do redis.call('ZADD', p .. 'untold', 'XX', due, ARGV[index]) end
local found = redis.call('ZRANGEBYSCORE', p .. 'untold', '-inf', now_s(), 'LIMIT', 0, 100)
local documents = {}
for _, number in ipairs(found) do
  redis.call('ZADD', p .. 'untold', due, number)
  table.insert(documents, redis.call('HGET', p .. 'job:' .. number, 'document'))
end
return documents
"""
)
"""Take over webhooks that no process tells: lease, ids that this process tells."""
