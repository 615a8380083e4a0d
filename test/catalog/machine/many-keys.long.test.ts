/**
 * Thirty million purchase keys: memory a key, and a snapshot in pieces. It prints the longest pause. Takes 4 GB of
 * memory and a few minutes.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { storageLimits } from '../../../src/base/limits.js';
import { emptyRecord } from '../../../src/catalog/machine/key-slab.js';
import { loadKeys, saveKeys } from '../../../src/catalog/machine/key-snapshot.js';
import { KeyTable } from '../../../src/catalog/machine/key-table.js';

const keys = 30_000_000;
const keyBytesMax = 48;
/** Purchases of the largest entry. */
const together = 512;
const options = { keysMax: keys, lifeMs: 1 };

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function memory(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The digest and the request hash of a key, spread as evenly as those of SHA-256. */
function hashesOf(key: number, into: Uint32Array): void {
  let state = key;
  for (let word = 0; word < into.length; word++) {
    state = (state + 0x9e37_79b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15) ^ Math.imul(word, 0x85eb_ca6b), 0x735a_2d97);
    into[word] = mixed ^ (mixed >>> 15);
  }
}

t.setTimeout(900_000);

t.test('thirty million keys take at most 48 bytes each', async (t) => {
  const table = new KeyTable(options);
  const words = new Uint32Array(6);
  const bytes = new Uint8Array(words.buffer);
  const [digest, hash] = [bytes.subarray(0, 16), bytes.subarray(16)];
  const before = memory();
  const pauses: number[] = [];
  for (let made = 0; made < keys; made += together) {
    const began = process.cpuUsage();
    for (let n = 0; n < Math.min(together, keys - made); n++) {
      hashesOf(made + n, words);
      if (table.find(digest) >= 0) t.fail(`key ${made + n} is known before it is stored`);
      table.add(digest, hash, ['sold', made + n + 1, 1_990, false], Math.floor(made / together));
    }
    const { user, system } = process.cpuUsage(began);
    pauses.push((user + system) / 1_000);
  }
  const keyBytes = (memory() - before) / keys;
  pauses.sort((a, b) => a - b);
  const at = (share: number): string => (pauses[Math.floor(share * pauses.length)] ?? 0).toFixed(1);
  t.comment(`${keyBytes.toFixed(1)} bytes a key`);
  t.comment(`${together} keys: p50 ${at(0.5)} ms, p99.9 ${at(0.999)} ms, max ${at(0.999_999)} ms`);
  t.ok(keyBytes <= keyBytesMax, `${keyBytes} bytes a key`);
  t.ok(table.isFull);

  const restored = new KeyTable(options);
  restored.expect(table.size);
  let longest = 0;
  const beganMs = performance.now();
  for (const piece of saveKeys(table)) {
    longest = Math.max(longest, piece.length);
    loadKeys(restored, piece);
  }
  t.comment(`saved and restored in ${Math.round(performance.now() - beganMs)} ms`);
  t.ok(longest <= 64 * storageLimits.pieceKeys, 'a piece holds a limited number of keys');
  t.equal(restored.sum, table.sum);
  t.equal(restored.size, keys);
  const record = emptyRecord();
  let lost = 0;
  for (let key = 0; key < keys; key += 97) {
    hashesOf(key, record.words);
    const slot = restored.find(digestOf(record.words));
    const outcome = slot < 0 ? undefined : restored.outcome(slot);
    if (outcome?.[0] !== 'sold' || outcome[1] !== key + 1) lost++;
  }
  t.equal(lost, 0, 'keys are found');
  restored.expire(keys, keys, keys / 2);
  t.equal(restored.size, keys / 2);
  hashesOf(0, words);
  t.equal(restored.find(digest), -1);
  hashesOf(keys - 1, words);
  t.ok(restored.find(digest) >= 0);
});

function digestOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, 16);
}
