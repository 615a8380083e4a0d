/**
 * The port of randomness: the system's source for production, a seeded one for simulation, load and
 * tests.
 */
import { randomBytes, randomUUID } from 'node:crypto';

export interface Random {
  /** A fraction in [0, 1). */
  fraction(): number;
  /** An integer in [0, below). */
  integer(below: number): number;
  bytes(count: number): Uint8Array;
  uuid(): string;
}

export const systemRandom: Random = {
  fraction: () => Math.random(),
  integer: (below) => Math.floor(Math.random() * below),
  bytes: (count) => randomBytes(count),
  uuid: () => randomUUID(),
};

/**
 * A seeded source: the small fast counting generator sfc32 of Chris Doty-Humphrey (PractRand),
 * its state filled from the seed by splitmix32.
 */
export function seededRandom(seed: number): Random {
  let spread = seed >>> 0;
  const next32 = (): number => {
    spread = (spread + 0x9e3779b9) >>> 0;
    let z = spread;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  let a = next32();
  let b = next32();
  let c = next32();
  let counter = 1;
  const draw = (): number => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    return result >>> 0;
  };
  for (let i = 0; i < 12; i++) draw();
  const bytes = (count: number): Uint8Array => {
    const out = new Uint8Array(count);
    for (let i = 0; i < count; i++) out[i] = draw() & 0xff;
    return out;
  };
  return {
    fraction: () => draw() / 2 ** 32,
    integer: (below) => Math.floor((draw() / 2 ** 32) * below),
    bytes,
    uuid() {
      const hex = Buffer.from(bytes(16)).toString('hex');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
    },
  };
}
