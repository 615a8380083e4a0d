/** Hand-made histories: who asked what from when to when, and what he was told. Time in ms. */
import type { Adjusted, History, LineWanted, Operation, Seen } from '../../src/checker/types.js';

const priceCents = 100;

/** A product of 10 in version 1, unless told otherwise. */
export function record(id: number, version = 1, quantity = 10): Seen {
  return { id, version, quantity, priceCents };
}

export function history(operations: readonly Operation[], more: Partial<History> = {}): History {
  return { first: [record(1), record(2)], restockTo: null, bookFrom: null, operations, ...more };
}

type Times = readonly [invokedMs: number, returnedMs: number];

function asked([invokedMs, returnedMs]: Times, process = `at ${invokedMs}`) {
  return { process, invokedMs, returnedMs, ending: 'ok' } as const;
}

export function look(times: Times, result: Seen): Operation {
  return { ...asked(times), kind: 'look-up', id: result.id, result };
}

export function lookNone(times: Times, id: number): Operation {
  return { ...asked(times), kind: 'look-up', id, result: 'not_found' };
}

export function search(times: Times, result: readonly Seen[]): Operation {
  return { ...asked(times), kind: 'search', result };
}

export function buy(times: Times, lines: readonly LineWanted[], sold: number): Operation {
  const totalCents = costOf(lines);
  return { ...asked(times), kind: 'purchase', lines, result: { sold, totalCents } };
}

/** The answer was lost. */
export function buyLost(times: Times, lines: readonly LineWanted[]): Operation {
  return { ...asked(times), ending: 'unknown', kind: 'purchase', lines };
}

export function refused(times: Times, line: LineWanted, available: number): Operation {
  return {
    ...asked(times),
    kind: 'purchase',
    lines: [line],
    result: { refused: line.id, available },
  };
}

export function read(
  times: Times,
  number: number,
  lines: readonly LineWanted[] | 'none',
): Operation {
  const place = { ...asked(times), kind: 'order', number } as const;
  if (lines === 'none') return { ...place, result: 'not_found' };
  const priced = lines.map((line) => ({ ...line, priceCents }));
  return { ...place, result: { lines: priced, totalCents: costOf(lines) } };
}

export function add(times: Times, id: number, units: number, result?: Seen): Operation {
  const place = { ...asked(times), kind: 'change', id, add: units } as const;
  return result ? { ...place, result } : { ...place, ending: 'unknown' };
}

export function create(times: Times, id: number, quantity: number): Operation {
  const result = record(id, 1, quantity);
  return { ...asked(times), kind: 'add', id, quantity, priceCents, result };
}

export function remove(times: Times, result: Seen): Operation {
  return { ...asked(times), kind: 'remove', id: result.id, result };
}

export function hold(times: Times, name: string, lines: readonly LineWanted[], endsMs: number) {
  const priced = lines.map((line) => ({ ...line, priceCents }));
  const result = { held: name, lines: priced, totalCents: costOf(lines) };
  return { ...asked(times), kind: 'hold', lines, endsMs, result } as const;
}

export function confirm(
  times: Times,
  name: string,
  lines: readonly LineWanted[],
  sold: number,
): Operation {
  const result = { sold, totalCents: costOf(lines) };
  return { ...asked(times), kind: 'confirm', hold: name, lines, result };
}

export function release(times: Times, name: string): Operation {
  return { ...asked(times), kind: 'release', hold: name, result: 'done' };
}

/** The answer was lost. */
export function releaseLost(times: Times, name: string): Operation {
  return { ...asked(times), ending: 'unknown', kind: 'release', hold: name };
}

export function cancel(times: Times, number: number, lines: readonly LineWanted[], nth = 1) {
  const priced = lines.map((line) => ({ ...line, priceCents }));
  const result = { cancelled: nth, lines: priced, totalCents: costOf(lines) };
  return { ...asked(times), kind: 'cancel', number, lines, restock: true, result } as const;
}

export function adjust(times: Times, id: number, delta: number, result: Adjusted): Operation {
  return { ...asked(times), kind: 'adjust', id, delta, result };
}

function costOf(lines: readonly LineWanted[]): number {
  return lines.reduce((sum, { quantity }) => sum + quantity * priceCents, 0);
}
