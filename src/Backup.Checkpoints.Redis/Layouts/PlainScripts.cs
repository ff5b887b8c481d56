namespace Backup.Checkpoints.Redis.Layouts;

/// <summary>
/// The scripts that change a store in the plain layout. Each is one atomic change of one unit. The first command that needs memory comes
/// before anything is changed, so that a server without memory refuses the whole.
/// </summary>
internal static class PlainScripts
{
    /// <summary>KEYS store; ARGV id. Makes the store unless it is there; 1 when it was made.</summary>
    public const string Create = """
        local layout = redis.call('HGET', KEYS[1], 'layout')
        if layout then
          if layout ~= 'plain' then return redis.error_reply('NOLAYOUT the store is of layout ' .. layout) end
          return 0
        end
        redis.call('HSET', KEYS[1], 'layout', 'plain', 'version', '1', 'id', ARGV[1], 'seq', 0, 'threads', 0, 'memory', 0)
        return 1
        """;

    /// <summary>
    /// KEYS store, index, records, order, expiry, mark; ARGV id, counter, then triples of operation, field, value: <c>a</c> when the field must not
    /// be there, <c>e</c> when it must have that value, <c>n</c> to set it unless it is there, <c>s</c> to set it, <c>d</c> to take it away. Returns the
    /// number of the change, or 0 when an <c>a</c> or an <c>e</c> does not hold; then nothing was changed.
    /// </summary>
    public const string Write = """
        if redis.call('HGET', KEYS[1], 'layout') ~= 'plain' then return redis.error_reply('NOLAYOUT there is no store of the plain layout') end
        if string.sub(redis.call('GET', KEYS[6]) or '', 1, 2) == 'x/' then return redis.error_reply('RESTORING a restore has the store') end
        for j = 3, #ARGV, 3 do
          local op, found = ARGV[j], (ARGV[j] == 'a' or ARGV[j] == 'e') and redis.call('HGET', KEYS[3], ARGV[j + 1])
          if (op == 'a' and found) or (op == 'e' and found ~= ARGV[j + 2]) then return 0 end
        end
        local v = redis.call('HGET', KEYS[3], 'v')
        local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
        if not v then
          redis.call('UNLINK', KEYS[4])
          redis.call('ZREM', KEYS[5], ARGV[1])
          redis.call('HSET', KEYS[3], 'i', seq, 'v', seq)
          if redis.call('ZADD', KEYS[2], 0, ARGV[1]) == 1 then redis.call('HINCRBY', KEYS[1], ARGV[2], 1) end
        end
        local changed = false
        for j = 3, #ARGV, 3 do
          local op, field, value = ARGV[j], ARGV[j + 1], ARGV[j + 2]
          local kind = 'n' .. string.byte(field, 1)
          local there = redis.call('HEXISTS', KEYS[3], field) == 1
          local size = there and #field + redis.call('HSTRLEN', KEYS[3], field) or 0
          if op == 'd' then
            if there then
              changed = true
              redis.call('HDEL', KEYS[3], field)
              redis.call('ZREM', KEYS[4], field)
              redis.call('HINCRBY', KEYS[3], kind, -1)
              redis.call('HINCRBY', KEYS[3], 'b', -size)
            end
          elseif op == 's' or (op == 'n' and not there) then
            changed = true
            redis.call('HSET', KEYS[3], field, value)
            redis.call('ZADD', KEYS[4], seq, field)
            if not there then redis.call('HINCRBY', KEYS[3], kind, 1) end
            redis.call('HINCRBY', KEYS[3], 'b', #field + #value - size)
          end
        end
        if redis.call('EXISTS', KEYS[4]) == 0 then
          redis.call('UNLINK', KEYS[3])
          redis.call('ZREM', KEYS[5], ARGV[1])
          if redis.call('ZREM', KEYS[2], ARGV[1]) == 1 then redis.call('HINCRBY', KEYS[1], ARGV[2], -1) end
        elseif changed then
          redis.call('HSET', KEYS[3], 'v', seq)
        end
        return seq
        """;

    /// <summary>KEYS as <see cref="Write"/>; ARGV id, counter, mark of the caller ("" for an app). Takes a unit away; 1 when it was there.</summary>
    public const string Delete = """
        local mark = redis.call('GET', KEYS[6]) or ''
        if ARGV[3] ~= '' and mark ~= ARGV[3] then return redis.error_reply('MARKLOST') end
        if ARGV[3] == '' and string.sub(mark, 1, 2) == 'x/' then return redis.error_reply('RESTORING a restore has the store') end
        redis.call('UNLINK', KEYS[3], KEYS[4])
        redis.call('ZREM', KEYS[5], ARGV[1])
        if redis.call('ZREM', KEYS[2], ARGV[1]) == 0 then return 0 end
        redis.call('HINCRBY', KEYS[1], ARGV[2], -1)
        return 1
        """;

    /// <summary>KEYS as <see cref="Write"/>; ARGV id, millisecond of the epoch or 0 for never. 1 when the unit is there.</summary>
    public const string Expire = """
        if redis.call('EXISTS', KEYS[3]) == 0 then return 0 end
        if ARGV[2] == '0' then
          redis.call('ZREM', KEYS[5], ARGV[1])
          redis.call('PERSIST', KEYS[3])
          redis.call('PERSIST', KEYS[4])
        else
          redis.call('ZADD', KEYS[5], ARGV[2], ARGV[1])
          redis.call('PEXPIREAT', KEYS[3], ARGV[2])
          redis.call('PEXPIREAT', KEYS[4], ARGV[2])
        end
        return 1
        """;

    /// <summary>KEYS as <see cref="Write"/>; ARGV id, millisecond of the epoch or 0 for never, mark of the caller. A unit that would go earlier lives until then.</summary>
    public const string Prolong = """
        if redis.call('GET', KEYS[6]) ~= ARGV[3] then return redis.error_reply('MARKLOST') end
        local at = redis.call('ZSCORE', KEYS[5], ARGV[1])
        if not at or redis.call('EXISTS', KEYS[3]) == 0 then return 0 end
        if ARGV[2] == '0' then
          redis.call('ZREM', KEYS[5], ARGV[1])
          redis.call('PERSIST', KEYS[3])
          redis.call('PERSIST', KEYS[4])
        elseif tonumber(at) < tonumber(ARGV[2]) then
          redis.call('ZADD', KEYS[5], ARGV[2], ARGV[1])
          redis.call('PEXPIREAT', KEYS[3], ARGV[2])
          redis.call('PEXPIREAT', KEYS[4], ARGV[2])
        end
        return 1
        """;

    /// <summary>
    /// KEYS as <see cref="Write"/>, then records and order put aside; ARGV id, counter, mark of the caller, <c>1</c> to replace what is there, the unit for a message.
    /// Field <c>x</c> of what was put aside is the millisecond the unit expires at.
    /// </summary>
    public const string Publish = """
        if redis.call('GET', KEYS[6]) ~= ARGV[3] then return redis.error_reply('MARKLOST') end
        if ARGV[4] == '0' and redis.call('EXISTS', KEYS[3]) == 1 then return redis.error_reply('THERE ' .. ARGV[5]) end
        if redis.call('EXISTS', KEYS[7], KEYS[8]) ~= 2 then return redis.error_reply('MARKLOST') end
        local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
        redis.call('HSET', KEYS[7], 'i', seq, 'v', seq)
        local expires = redis.call('HGET', KEYS[7], 'x')
        if redis.call('ZADD', KEYS[2], 0, ARGV[1]) == 1 then redis.call('HINCRBY', KEYS[1], ARGV[2], 1) end
        redis.call('ZREM', KEYS[5], ARGV[1])
        redis.call('UNLINK', KEYS[3], KEYS[4])
        redis.call('RENAME', KEYS[7], KEYS[3])
        redis.call('RENAME', KEYS[8], KEYS[4])
        if expires then
          redis.call('HDEL', KEYS[3], 'x')
          redis.call('ZADD', KEYS[5], expires, ARGV[1])
          redis.call('PEXPIREAT', KEYS[3], expires)
          redis.call('PEXPIREAT', KEYS[4], expires)
        end
        return 1
        """;

    /// <summary>
    /// KEYS mark; ARGV own mark, what marks of the same run and mode begin with, own epoch, milliseconds. Sets the mark where there is none or
    /// one of an earlier owner of the same run. Returns 1, 0 when another run has it, -1 when a later owner of this run has it.
    /// </summary>
    public const string Take = """
        local mark = redis.call('GET', KEYS[1])
        if mark and mark ~= ARGV[1] then
          local run, epoch = string.match(mark, '^[xo]/(.*)/(%d+)/%w+$')
          if run ~= ARGV[2] then return 0 end
          if tonumber(epoch) >= tonumber(ARGV[3]) then return -1 end
        end
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[4])
        return 1
        """;

    /// <summary>KEYS mark; ARGV own mark, milliseconds. 1 when it is still there, and stays so long from now on; 0 milliseconds take it away.</summary>
    public const string Keep = """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        if ARGV[2] == '0' then redis.call('DEL', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
        return 1
        """;

    /// <summary>KEYS store, threads, memory. Takes away a store that never held anything.</summary>
    public const string Uncreate = """
        if redis.call('EXISTS', KEYS[2], KEYS[3]) == 0 and redis.call('HGET', KEYS[1], 'seq') == '0' then redis.call('DEL', KEYS[1]) end
        return 1
        """;
}
