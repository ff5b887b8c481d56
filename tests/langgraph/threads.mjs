// The thread ids of a seed, in the order of their numbers.
import { threadId } from "./graph.mjs";
import { options } from "./options.mjs";

const o = options({ count: 1, seed: "1" });
console.log(JSON.stringify(Array.from({ length: o.count }, (_, i) => threadId(o.seed, i + 1))));
