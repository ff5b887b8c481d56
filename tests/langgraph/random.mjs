// Text and numbers that are a function of a seed: the same thread and turn always say the same.
import { createHash } from "node:crypto";

export const sha256 = (text) => createHash("sha256").update(text).digest("hex");

// Of anything, whatever the order of its members.
const canonical = (value) => JSON.stringify(value, (_, v) => v && typeof v === "object" && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1))) : v);
export const digest = (value) => sha256(canonical(JSON.parse(JSON.stringify(value ?? null))));

const SYLLABLES = "ka lo mi ren tas vor el dun sha pri no gal tem bu wex or in ta cli mo ras pen du fil".split(" ");
const WORDS = Array.from({ length: 4000 }, (_, i) => {
  const hash = createHash("md5").update(`word ${i}`).digest();
  return Array.from({ length: 1 + (hash[0] % 3) }, (_, k) => SYLLABLES[hash[k + 1] % SYLLABLES.length]).join("");
});

export class Random {
  constructor(seed) {
    this.state = createHash("sha256").update(String(seed)).digest().readUInt32LE(0) || 1;
  }

  next() {
    // xorshift32
    this.state ^= this.state << 13; this.state >>>= 0;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5; this.state >>>= 0;
    return this.state / 2 ** 32;
  }

  int(low, high) { return low + Math.floor(this.next() * (high - low + 1)); }

  hex(length) { return Array.from({ length }, () => this.int(0, 15).toString(16)).join(""); }

  id() { return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-8${this.hex(3)}-${this.hex(12)}`; }

  // Frequent words are frequent: squaring favours the front of the list.
  text(words) { return Array.from({ length: words }, () => WORDS[Math.floor(this.next() ** 2 * WORDS.length)]).join(" "); }
}
