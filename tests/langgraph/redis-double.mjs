// A TEST DOUBLE, not Redis Stack: stands in front of a stock Redis and plays as much of RedisJSON and RediSearch as LangGraph's JS saver
// and the tests use. A document is the string at its key, so SCAN, DEL, RENAME, expiry and MULTI are the server's own. What real modules do
// otherwise (numbers printed again, an index that lags, how equal values are ordered) is not played.
// node redis-double.mjs HOST:PORT  prints the port it listens on. It ends when its standard input does.
import net from "node:net";

const [host, port] = process.argv[2].split(":");
const TYPES = { "+": 1, "-": 1, ":": 1, $: 1, "*": 1 };

/** Splits a stream into RESP values, each with its bytes. */
class Parser {
  chunks = []; size = 0; need = 1;
  push(chunk) { this.chunks.push(chunk); this.size += chunk.length; }
  *values() {
    while (this.size >= this.need) {
      if (this.chunks.length > 1) this.chunks = [Buffer.concat(this.chunks)];
      const buffer = this.chunks[0] ?? Buffer.alloc(0), read = parse(buffer, 0);
      if (typeof read === "number") { this.need = Math.max(read, this.size + 1); return; }
      this.chunks = [buffer.subarray(read.end)]; this.size -= read.end; this.need = 1;
      yield { value: read.value, bytes: buffer.subarray(0, read.end) };
    }
  }
}

// The value at an offset and where it ends, or how many bytes there must be at least.
function parse(b, at) {
  const line = b.indexOf("\r\n", at);
  if (line < 0) return b.length + 1;
  const type = String.fromCharCode(b[at]), text = b.toString("utf8", at + 1, line), next = line + 2;
  if (!(type in TYPES)) return { value: b.toString("utf8", at, line).split(" ").map(Buffer.from), end: next }; // an inline command
  if (type === "+" || type === "-" || type === ":") return { value: { type, text }, end: next };
  const length = Number(text);
  if (length < 0) return { value: null, end: next };
  if (type === "$") return b.length < next + length + 2 ? next + length + 2 : { value: b.subarray(next, next + length), end: next + length + 2 };
  const items = [];
  let end = next;
  for (let i = 0; i < length; i++) {
    const item = parse(b, end);
    if (typeof item === "number") return item;
    items.push(item.value); end = item.end;
  }
  return { value: items, end };
}

const bulk = (v) => { const b = Buffer.isBuffer(v) ? v : Buffer.from(String(v)); return Buffer.concat([Buffer.from(`$${b.length}\r\n`), b, Buffer.from("\r\n")]); };
const array = (items) => Buffer.concat([Buffer.from(`*${items.length}\r\n`), ...items]);
const command = (...parts) => array(parts.map(bulk));
const error = (text) => Buffer.from(`-${text}\r\n`);

// RedisJSON prints without blanks between tokens, and keeps the order of members and the text of strings as JSON.stringify writes them.
const compact = (json) => { JSON.parse(json); return json.replace(/("(?:[^"\\]+|\\.)*")|[ \t\r\n]+/gs, (_, text) => text ?? ""); };

function search(query, field, descending, from, size, [keys, docs]) {
  const conditions = [...query.matchAll(/@((?:\\.|[^:\\])+):(?:\{((?:\\.|[^}\\])*)\}|\[(\S+) (\S+)\])/g)].map(([, name, tag, low, high]) => ({ name: plain(name), tag: tag === undefined ? undefined : plain(tag).toLowerCase(), low: Number(low), high: Number(high) }));
  const found = [];
  keys.forEach((key, i) => {
    const doc = docs[i] && JSON.parse(docs[i]);
    if (doc && conditions.every((c) => c.tag !== undefined ? typeof doc[c.name] === "string" && doc[c.name].toLowerCase().split(",").includes(c.tag) : doc[c.name] >= c.low && doc[c.name] <= c.high)) found.push({ key: key.toString(), json: docs[i], by: doc[field] });
  });
  found.sort((a, b) => (a.by - b.by || (a.key < b.key ? -1 : 1)) * (descending ? -1 : 1));
  return array([Buffer.from(`:${found.length}\r\n`), ...found.slice(from, from + size).flatMap((d) => [bulk(d.key), array([bulk("$"), bulk(d.json)])])]);
}
const plain = (escaped) => escaped.replace(/\\(.)/g, "$1");

// What is sent on for a command, and what becomes of the reply; a buffer alone is the answer.
function play(words) {
  const name = words[0].toString().toUpperCase(), text = (i) => words[i].toString();
  switch (name) {
    case "HELLO": return error("ERR unknown command 'HELLO'"); // RESP 2 only
    case "TYPE": return [command(...words), (r, bytes) => r.text === "string" ? Buffer.from("+ReJSON-RL\r\n") : bytes];
    case "JSON.SET":
      if (text(2) !== "$" && text(2) !== ".") return error("ERR the test double sets whole documents only");
      try { return [command("SET", words[1], compact(text(3)), ...words.slice(4))]; } catch (e) { return error(`ERR ${e.message}`); }
    case "JSON.GET":
      if (words.length === 2) return [command("GET", words[1])];
      return [command("GET", words[1]), (r, bytes) => { if (!Buffer.isBuffer(r)) return bytes; const doc = JSON.parse(r); return bulk(JSON.stringify(Object.fromEntries(words.slice(2).map((p) => [p.toString(), p.toString().slice(2) in doc ? [doc[p.toString().slice(2)]] : []])))); }];
    case "FT.CREATE": return [command("HSETNX", "double:indexes", words[1], JSON.stringify(words.slice(2).map(String))), (r) => r.text === "1" ? Buffer.from("+OK\r\n") : error("Index already exists")];
    case "FT._LIST": return [command("HKEYS", "double:indexes")];
    case "FT.INFO": return [command("HGET", "double:indexes", words[1]), (r) => r === null ? error("Unknown index name") : array([bulk("index_name"), bulk(words[1]), bulk("index_definition"), array(JSON.parse(r).map(bulk)), bulk("percent_indexed"), bulk("1")])];
    case "FT.SEARCH": {
      const at = (word) => words.findIndex((w) => w.toString().toUpperCase() === word), limit = at("LIMIT"), sort = at("SORTBY");
      return [command("EVAL", "local d=redis.call('HGET','double:indexes',ARGV[1]) if not d then return redis.error_reply('no such index') end local o=cjson.decode(d) local k=redis.call('KEYS',o[5]..'*') local v={} for i,x in ipairs(k) do v[i]=redis.call('GET',x) end return {k,v}", "0", words[1]),
        (r, bytes) => Array.isArray(r) ? search(text(2), sort < 0 ? "" : text(sort + 1), sort >= 0 && words[sort + 2]?.toString().toUpperCase() === "DESC", limit < 0 ? 0 : Number(text(limit + 1)), limit < 0 ? 10 : Number(text(limit + 2)), r) : bytes];
    }
    default: return null;
  }
}

const server = net.createServer({ noDelay: true }, (client) => {
  const upstream = net.connect({ port: Number(port), host, noDelay: true }), asked = new Parser(), replied = new Parser(), waiting = [];
  // Answers of its own wait for their turn, too.
  const flush = () => { while (waiting[0]?.answer) client.write(waiting.shift().answer); };
  client.on("data", (chunk) => {
    asked.push(chunk);
    for (const { value, bytes } of asked.values()) {
      const played = play(value);
      if (Buffer.isBuffer(played)) waiting.push({ answer: played });
      else { waiting.push({ change: played?.[1] }); upstream.write(played ? played[0] : bytes); }
    }
    flush();
  });
  upstream.on("data", (chunk) => {
    replied.push(chunk);
    for (const { value, bytes } of replied.values()) {
      const { change } = waiting.shift() ?? {};
      client.write(change && value?.type !== "-" ? change(value, bytes) : bytes);
      flush();
    }
  });
  for (const [from, to] of [[client, upstream], [upstream, client]]) { from.on("close", () => to.destroy()); from.on("error", () => to.destroy()); }
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
