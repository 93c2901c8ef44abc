/**
 * The budget's rules, run inside Redis: one step for all limits and all replicas, by Redis's clock alone.
 *
 * KEYS  state (hash), slots (sorted set: call in flight → when its lease ends), minute (sorted set: call → when it
 *       was over), waiting (hash: replica → its first waiter), channel (where replicas hear that something changed).
 *       None expires: Redis evicts only what does (deploy/redis/redis.conf), and a forgotten count is an overdraft.
 * ARGV  limits and times in JSON, then what each script is told, in JSON.
 *
 * A call in flight counts for the minute until it is over and for a minute from then: whenever within its flight
 * Zoho counted it, our count never falls below Zoho's.
 */
const START = `
  local state, slots, minute, waiting, channel = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
  local s = cjson.decode(ARGV[1])
  local told = cjson.decode(ARGV[2])
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local function get(name) return tonumber(redis.call('HGET', state, name) or '') end
  local function set(...) redis.call('HSET', state, ...) end

  -- A killed replica's calls may have reached Zoho: they count as over when their lease ends.
  for _, slot in ipairs(redis.call('ZRANGEBYSCORE', slots, '-inf', now)) do
    redis.call('ZREM', slots, slot)
    redis.call('ZADD', minute, now, slot)
  end

  -- When the window ends that Zoho's headers spoke of, what was before is Zoho's past too.
  local minuteEnd = get('minute:reset')
  if minuteEnd and now >= minuteEnd then
    redis.call('ZREMRANGEBYSCORE', minute, '-inf', minuteEnd)
    redis.call('HDEL', state, 'minute:used', 'minute:limit', 'minute:reset')
  end
  redis.call('ZREMRANGEBYSCORE', minute, '-inf', now - s.minuteMs)

  local function midnight()
    local offset = get('day:offset') or 0
    return (math.floor((now + offset) / s.dayMs) + 1) * s.dayMs - offset
  end
  local dayEnd = get('day:reset')
  if not dayEnd or now >= dayEnd then
    dayEnd = midnight()
    redis.call('HDEL', state, 'day:limit')
    set('day:reset', dayEnd, 'day:used', 0)
  end

  -- Our limits are a promise to whoever else calls Zoho: headers can lower them, not raise them.
  local function limitOf(window, ours) return math.min(ours, get(window .. ':limit') or ours) end
  local function inFlight() return redis.call('ZCARD', slots) end
  local function usedOfMinute() return get('minute:used') or (redis.call('ZCARD', minute) + inFlight()) end
  local function slotLimit()
    local lowered = get('slots:limit')
    if not lowered then return s.concurrency end
    return math.min(s.concurrency, lowered + math.floor((now - get('slots:since')) / s.raiseMs))
  end
  local function share(limit, percent) return math.floor((limit * percent + 99) / 100) end
  local function wake() if redis.call('HLEN', waiting) > 0 then redis.call('PUBLISH', channel, told.replica) end end
`;

/**
 * ARGV[2] `{ replica, slot, rank, minutePercent, dayPercent, next?: { slot, rank } }`, next: who asks after it.
 * Returns `[what, when]` in milliseconds since 1970, by Redis's clock, and that clock:
 * `go`; or `quota` (Zoho said so), `share` (of the day): not before then; or why to wait, and until when at
 * most: `stopped`, `turn`, `minute`, `slots`.
 */
export const RESERVE = `${START}
  local mine = redis.call('HGET', waiting, told.replica)
  local since = now
  if mine then
    mine = cjson.decode(mine)
    if mine.slot == told.slot then since = mine.since end
  end
  local function stand(waiter, from)
    redis.call('HSET', waiting, told.replica,
      cjson.encode({ slot = waiter.slot, rank = waiter.rank, since = from, until_ = now + 3 * s.heartbeatMs }))
  end
  local function wait(why, till) stand(told, since) return { why, till, now } end
  local function refuse(why, till)
    redis.call('HDEL', waiting, told.replica)
    wake()
    return { why, till, now }
  end

  local stopped = get('day:stopped')
  if stopped and now < stopped then return refuse('quota', stopped) end
  local day = limitOf('day', s.perDay)
  if get('day:used') >= share(day, told.dayPercent) then return refuse('share', dayEnd) end
  stopped = get('stopped')
  if stopped and now < stopped then return wait('stopped', stopped) end

  local others = redis.call('HGETALL', waiting)
  for i = 1, #others, 2 do
    local other = cjson.decode(others[i + 1])
    if other.until_ <= now then redis.call('HDEL', waiting, others[i])
    elseif others[i] ~= told.replica
      and (other.rank < told.rank or (other.rank == told.rank and other.since < since))
    then return wait('turn', now + s.heartbeatMs) end
  end

  local over = usedOfMinute() - share(limitOf('minute', s.perMinute), told.minutePercent)
  if over >= 0 then
    local last = redis.call('ZRANGE', minute, over, over, 'WITHSCORES')[2]
    return wait('minute', get('minute:reset') or (last and last + s.minuteMs) or (now + s.heartbeatMs))
  end
  if inFlight() >= slotLimit() then
    local first = redis.call('ZRANGE', slots, 0, 0, 'WITHSCORES')[2]
    return wait('slots', tonumber(first))
  end

  redis.call('ZADD', slots, now + s.leaseMs, told.slot)
  redis.call('HINCRBY', state, 'day:used', 1)
  if get('minute:used') then redis.call('HINCRBY', state, 'minute:used', 1) end
  if told.next then stand(told.next, now) else redis.call('HDEL', waiting, told.replica) end
  wake()
  return { 'go', now, now }`;

/**
 * ARGV[2] `{ replica, slot, sent, rate?: { window, limit, remaining, resetMs? }, stop?: 'minute' | 'day' | 'concurrency',
 * stopMs? }`. Returns until when calls are stopped, or 0.
 */
export const SETTLE = `${START}
  if redis.call('ZREM', slots, told.slot) == 1 then
    if told.sent then redis.call('ZADD', minute, now, told.slot)
    else
      redis.call('HINCRBY', state, 'day:used', -1)
      if get('minute:used') then redis.call('HINCRBY', state, 'minute:used', -1) end
    end
  end

  local till = 0
  if told.stop == 'minute' then
    till = math.max(get('stopped') or 0, now + (told.stopMs or s.blockMs))
    set('stopped', till)
    -- After that Zoho counts anew.
    redis.call('DEL', minute)
    redis.call('HDEL', state, 'minute:used', 'minute:limit', 'minute:reset')
  elseif told.stop == 'day' then
    till = told.stopMs and (now + told.stopMs) or dayEnd
    set('day:stopped', till)
  elseif told.stop == 'concurrency' then
    set('slots:limit', math.max(1, slotLimit() - 1), 'slots:since', now)
  elseif told.rate then
    local window, rate = told.rate.window, told.rate
    -- Those in flight may have been counted or not.
    local used = rate.limit - rate.remaining + inFlight()
    local reset = dayEnd
    if rate.resetMs then reset = now + rate.resetMs elseif window == 'minute' then reset = now + s.minuteMs end
    local known = get(window .. ':limit') and get(window .. ':reset')
    -- Answers overtake each other: within one window the higher count is the later one.
    if known and math.abs(reset - known) <= s.slackMs then used = math.max(used, get(window .. ':used')) end
    set(window .. ':used', used, window .. ':limit', rate.limit, window .. ':reset', reset)
  end
  wake()
  return till`;

/** ARGV[2] `{ dayOffsetMs? }`, how far the organisation's clocks are before UTC. Returns the state of the budget. */
export const READ = `${START}
  if told.dayOffsetMs then
    set('day:offset', told.dayOffsetMs)
    if not get('day:limit') then dayEnd = midnight() set('day:reset', dayEnd) end
  end
  local first = redis.call('ZRANGE', minute, 0, 0, 'WITHSCORES')[2]
  return {
    limitOf('minute', s.perMinute), usedOfMinute(),
    get('minute:reset') or ((first or now) + s.minuteMs),
    limitOf('day', s.perDay), get('day:used'), dayEnd,
    slotLimit(), inFlight(),
    get('stopped') or 0, get('day:stopped') or 0, now,
  }`;

/** ARGV[2] `{ replica }`: it has nobody waiting any more. */
export const LEAVE = `${START}
  redis.call('HDEL', waiting, told.replica)
  wake()`;
