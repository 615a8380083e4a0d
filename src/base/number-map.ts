/**
 * A map with whole numbers as keys, for entries that come and go with every request. The language's Map
 * makes a new table every few dozen such changes, and the old table refers to the new one. Once the
 * garbage collector has promoted one of them, all later tables and their values survive until a full
 * collection. This map frees a slot at once. Use it for numbers assigned here in sequence, not for
 * numbers from outside: an attacker could make them all collide. Invariant: all slots from a key's home
 * slot to its actual slot are taken.
 */
import { assert } from './assert.js';

/** Most sessions have no calls under way. */
const placesMin = 8;
const none = -1;

export class NumberMap<V> {
  /** By slot. */
  #keys: Float64Array = emptyKeys(placesMin);
  #values: (V | undefined)[] = emptyValues(placesMin);
  #size = 0;
  /** Keys removed since the map was last a quarter full. */
  #goneSince = 0;

  get size(): number {
    return this.#size;
  }

  get(key: number): V | undefined {
    return this.#values[this.#find(key)];
  }

  has(key: number): boolean {
    return key >= 0 && this.#keys[this.#find(key)] === key;
  }

  /** The key is an integer from 0 to 2^53 - 1. */
  set(key: number, value: V): void {
    assert(Number.isSafeInteger(key) && key >= 0, 'a key is a whole number');
    const places = this.#keys.length;
    if ((this.#size + 1) * 2 > places) this.#resize(places * 2);
    const place = this.#find(key);
    if (this.#keys[place] !== key) this.#size++;
    this.#keys[place] = key;
    this.#values[place] = value;
    if (this.#size * 4 >= places) this.#goneSince = 0;
  }

  delete(key: number): boolean {
    if (!this.has(key)) return false;
    const place = this.#find(key);
    this.#vacate(place);
    this.#size--;
    this.#shrinkSometime();
    return true;
  }

  clear(): void {
    this.#keys = emptyKeys(placesMin);
    this.#values = emptyValues(placesMin);
    this.#size = 0;
    this.#goneSince = 0;
  }

  /** In ascending order. */
  keys(): number[] {
    const keys = this.#keys.filter((key) => key !== none);
    return [...keys.sort()];
  }

  /** In the order of their keys. */
  values(): V[] {
    return this.keys().map((key) => this.get(key) as V);
  }

  /** In any order. The callback must not change the map. */
  forEach(callback: (value: V, key: number) => void): void {
    const keys = this.#keys;
    for (let place = 0; place < keys.length; place++) {
      const key = keys[place] ?? none;
      if (key !== none) callback(this.#values[place] as V, key);
    }
  }

  /** The key's slot, or the empty slot in which to put it. */
  #find(key: number): number {
    const keys = this.#keys;
    const last = keys.length - 1;
    let place = homeOf(key, last);
    for (let there = keys[place]; there !== key && there !== none; there = keys[place]) {
      place = (place + 1) & last;
    }
    return place;
  }

  /** Empties the slot, and moves keys that would not be found across it. */
  #vacate(from: number): void {
    const keys = this.#keys;
    const last = keys.length - 1;
    let gap = from;
    for (let place = (gap + 1) & last; ; place = (place + 1) & last) {
      const key = keys[place] ?? none;
      if (key === none) break;
      const distance = (place - homeOf(key, last)) & last;
      if (distance < ((place - gap) & last)) continue;
      keys[gap] = key;
      this.#values[gap] = this.#values[place];
      gap = place;
    }
    keys[gap] = none;
    this.#values[gap] = undefined;
  }

  /** Not at once: a map emptied every turn is filled again in the next. */
  #shrinkSometime(): void {
    const places = this.#keys.length;
    this.#goneSince++;
    if (places > placesMin && this.#goneSince > places) this.#resize(places / 2);
  }

  #resize(places: number): void {
    const keys = this.#keys;
    const values = this.#values;
    this.#keys = emptyKeys(places);
    this.#values = emptyValues(places);
    this.#goneSince = 0;
    for (let from = 0; from < keys.length; from++) {
      const key = keys[from] ?? none;
      if (key === none) continue;
      const place = this.#find(key);
      this.#keys[place] = key;
      this.#values[place] = values[from];
    }
  }
}

/**
 * The preferred slot of a key. The golden ratio spreads consecutive keys, because removing a key walks
 * the run of taken slots after it.
 */
function homeOf(key: number, last: number): number {
  return Math.imul(key, 0x9e3779b1) >>> Math.clz32(last);
}

function emptyKeys(places: number): Float64Array {
  return new Float64Array(places).fill(none);
}

function emptyValues<V>(places: number): (V | undefined)[] {
  return new Array<V | undefined>(places).fill(undefined);
}
