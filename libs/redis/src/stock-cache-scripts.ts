// What must happen to several keys at once.

/**
 * Writes levels by revision: a lower one leaves a level alone, an equal one writes it again and renews its life.
 * Per level: hash key, packed key, item key ("" = not the sales warehouse), packed, stock ("" = nobody knows),
 * revision, count, field, value, …
 */
const writeLevels = (first: number | string) => `
  local i = ${first}
  while i <= #ARGV do
    local key, packedKey, itemKey, packed, stock = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
    local revision, count = tonumber(ARGV[i + 5]), tonumber(ARGV[i + 6])
    if (tonumber(redis.call('HGET', key, 'revision') or '0')) <= revision then
      redis.call('DEL', key)
      redis.call('HSET', key, unpack(ARGV, i + 7, i + 6 + count))
      redis.call('EXPIRE', key, ttl)
      redis.call('SET', packedKey, packed, 'EX', ttl)
      if itemKey ~= '' then
        if stock == '' then redis.call('DEL', itemKey) else redis.call('SET', itemKey, stock, 'EX', ttl) end
      end
    end
    i = i + 7 + count
  end`;

/**
 * Writes levels, and moves the checkpoint by compare-and-set. KEYS: checkpoint. ARGV: ttl in seconds, expected
 * checkpoint ("" = none), new checkpoint, levels.
 */
export const APPLY = `
  if (redis.call('GET', KEYS[1]) or '') ~= ARGV[2] then return 0 end
  local ttl = ARGV[1]
  ${writeLevels(4)}
  redis.call('SET', KEYS[1], ARGV[3])
  return 1`;

/**
 * Writes levels while the checkpoint, wherever it stands, is of this kind. KEYS: checkpoint. ARGV: ttl in seconds,
 * end of the checkpoint, levels.
 */
export const REFRESH = `
  local at = redis.call('GET', KEYS[1])
  if not at or string.sub(at, -#ARGV[2]) ~= ARGV[2] then return 0 end
  local ttl = ARGV[1]
  ${writeLevels(3)}
  return 1`;

/**
 * Writes levels in the place of what was seen of them, whatever its revision; one that has moved since is only
 * replaced by a higher or equal one. KEYS: of the levels. ARGV: ttl in seconds, the revision seen of each ("" = none),
 * levels.
 */
export const REPAIR = `
  local ttl = ARGV[1]
  for i = 1, #KEYS do
    if (redis.call('HGET', KEYS[i], 'revision') or '') == ARGV[i + 1] then redis.call('DEL', KEYS[i]) end
  end
  ${writeLevels('#KEYS + 2')}
  return 1`;

/**
 * Which levels lie otherwise than as they are given. ARGV: levels. Answers with those: their place, from 0; the
 * revision that is there ("" = none); what is wrong with hash key, packed key and item key ("" = nothing).
 */
export const COMPARE = `
  local function fault(found, due)
    if found == due then return '' end
    return not found and 'missing' or not due and 'unexpected' or 'different'
  end
  local unlike = {}
  local i, place = 1, 0
  while i <= #ARGV do
    local key, packedKey, itemKey, packed, stock = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
    local count = tonumber(ARGV[i + 6])
    local hash = redis.call('HGETALL', key)
    local found = {}
    for f = 1, #hash, 2 do found[hash[f]] = hash[f + 1] end
    local isSame = #hash == count
    for f = i + 7, i + 6 + count, 2 do isSame = isSame and found[ARGV[f]] == ARGV[f + 1] end
    local faults = {
      isSame and '' or #hash == 0 and 'missing' or 'different',
      fault(redis.call('GET', packedKey), packed),
      itemKey == '' and '' or fault(redis.call('GET', itemKey), stock ~= '' and stock)
    }
    if table.concat(faults) ~= '' then table.insert(unlike, { place, found.revision or '', unpack(faults) }) end
    i = i + 7 + count
    place = place + 1
  end
  return unlike`;

/** Removes the KEYS that have less to live than they would if they had been renewed: ARGV, in milliseconds. */
export const REMOVE_UNRENEWED = `
  local removed = 0
  for i = 1, #KEYS do
    if redis.call('PTTL', KEYS[i]) < tonumber(ARGV[1]) then removed = removed + redis.call('UNLINK', KEYS[i]) end
  end
  return removed`;
