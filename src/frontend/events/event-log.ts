/**
 * The newest events of a frontend, in the form in which they are sent: a short log of all events,
 * from which a reconnecting listener resumes, and a longer-lived history of service events for
 * operators. Does not know the listeners. Invariant: ids increase without gaps, and both logs are
 * bounded.
 */
import { assert } from '../../base/assert.js';
import type { EventBatch } from '../types.js';

const keptMax = 1_024;
const historyMax = 256;

/** Events of the store's services, which are kept as history. All others are about products. */
export type EventKind = 'leader' | 'member' | 'frontend' | 'fault';
export type EventName = EventKind | 'stock' | 'product' | 'reset';

const historyNames: ReadonlySet<EventName> = new Set<EventKind>([
  'leader',
  'member',
  'frontend',
  'fault',
]);

interface Kept {
  readonly number: number;
  readonly text: string;
}

export class EventLog {
  /** Distinguishes this log's ids from those of an earlier run of the frontend. */
  readonly #life: string;
  readonly #kept: Kept[] = [];
  readonly #history: Kept[] = [];
  #last = 0;

  constructor(life: string) {
    assert(/^\w+$/.test(life), 'a life is a word');
    this.#life = life;
  }

  get last(): number {
    return this.#last;
  }

  add(name: EventName, data: unknown): void {
    this.#last++;
    const id = `${this.#life}-${this.#last}`;
    const text = `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
    keep(this.#kept, { number: this.#last, text }, keptMax);
    if (historyNames.has(name)) keep(this.#history, { number: this.#last, text }, historyMax);
  }

  /** All kept events after a number. */
  since(number: number): EventBatch {
    const first = this.#last - this.#kept.length + 1;
    const missed = this.#kept.slice(Math.max(0, number + 1 - first));
    return { through: this.#last, text: textOf(missed) };
  }

  /** For a new listener: no events, or the history. */
  begin(withHistory: boolean): EventBatch {
    return { through: this.#last, text: withHistory ? textOf(this.#history) : '' };
  }

  /** For a reconnecting listener: the missed events, or a reset if they are no longer kept. */
  resume(lastId: string): EventBatch {
    const [life, digits = ''] = lastId.split('-');
    const number = /^\d{1,15}$/.test(digits) ? Number(digits) : -1;
    const isKnown = life === this.#life && number >= this.#last - this.#kept.length;
    if (isKnown && number <= this.#last) return this.since(number);
    return { through: this.#last, text: this.#reset() };
  }

  invariants(): void {
    assert(this.#kept.length <= keptMax, 'the kept events are bounded');
    assert(this.#history.length <= historyMax, 'the history is bounded');
    assert(this.#kept.length === 0 || this.#kept.at(-1)?.number === this.#last, 'no gaps');
  }

  /** Not an event of the log: it has the id after which the listener's next event follows. */
  #reset(): string {
    return `id: ${this.#life}-${this.#last}\nevent: reset\ndata: {}\n\n`;
  }
}

function keep(events: Kept[], event: Kept, max: number): void {
  events.push(event);
  if (events.length > max) events.shift();
}

function textOf(events: readonly Kept[]): string {
  return events.map(({ text }) => text).join('');
}
