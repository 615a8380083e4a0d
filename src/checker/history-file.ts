/**
 * A history as a file: a JSON line with the initial state, then one line for each operation. The reader
 * checks each line, so that checkers can rely on the shapes. Does not access the disk.
 */
import type { History, Operation } from './types.js';

const format = 'bazar history 1';

type Check = (value: unknown) => boolean;

const integer: Check = (value) => Number.isSafeInteger(value);
const amount: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const text: Check = (value) => typeof value === 'string';
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const either =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));
const exactly =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);

function shape(fields: Readonly<Record<string, Check>>): Check {
  const checks = Object.entries(fields);
  return (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const record = value as Record<string, unknown>;
    return checks.every(([name, check]) => check(record[name]));
  };
}

const seen = shape({ id: integer, version: integer, quantity: integer, priceCents: integer });
const line = { id: integer, quantity: integer };
const asked = {
  process: text,
  invokedMs: amount,
  returnedMs: amount,
  ending: exactly('ok', 'failed', 'unknown'),
  position: optional(integer),
};
const keyed = { ...asked, key: optional(text) };
const lines = list(shape(line));
const pricedLines = list(shape({ ...line, priceCents: integer, cancelled: optional(integer) }));
const sold = shape({ sold: integer, totalCents: integer });
const shortage = either(
  shape({ refused: integer, available: optional(integer) }),
  shape({ missing: integer }),
);
const ended = either(
  shape({ ended: exactly('confirmed', 'released', 'expired') }),
  exactly('not_found'),
);
const ofHold = { ...keyed, hold: text };
const changed = optional(either(seen, shape({ conflict: seen }), exactly('not_found')));

const checks: Readonly<Record<Operation['kind'], Check>> = {
  'look-up': shape({ ...asked, id: integer, result: optional(either(seen, exactly('not_found'))) }),
  search: shape({ ...asked, result: optional(list(seen)) }),
  purchase: shape({ ...keyed, lines, result: optional(either(sold, shortage)) }),
  order: shape({
    ...asked,
    number: integer,
    result: optional(
      either(shape({ lines: pricedLines, totalCents: integer }), exactly('not_found')),
    ),
  }),
  change: shape({
    ...asked,
    id: integer,
    quantity: optional(integer),
    add: optional(integer),
    priceCents: optional(integer),
    topic: optional(text),
    ifVersion: optional(integer),
    result: changed,
  }),
  add: shape({
    ...asked,
    ...line,
    priceCents: integer,
    result: optional(either(seen, exactly('conflict'))),
  }),
  remove: shape({ ...asked, id: integer, ifVersion: optional(integer), result: changed }),
  hold: shape({
    ...keyed,
    lines,
    endsMs: amount,
    result: optional(
      either(shape({ held: text, lines: pricedLines, totalCents: integer }), shortage),
    ),
  }),
  confirm: shape({ ...ofHold, lines: optional(lines), result: optional(either(sold, ended)) }),
  release: shape({ ...ofHold, result: optional(either(exactly('done'), ended)) }),
  extend: shape({
    ...ofHold,
    endsMs: amount,
    result: optional(either(exactly('done'), ended)),
  }),
  cancel: shape({
    ...keyed,
    number: integer,
    lines: optional(lines),
    restock: exactly(true, false),
    result: optional(
      either(
        shape({ cancelled: integer, lines: pricedLines, totalCents: integer }),
        exactly('conflict'),
      ),
    ),
  }),
  adjust: shape({
    ...keyed,
    id: integer,
    delta: optional(integer),
    count: optional(integer),
    result: optional(
      either(
        shape({ delta: integer, version: integer, quantity: integer, reserved: integer }),
        exactly('conflict', 'not_found'),
      ),
    ),
  }),
};

const head = shape({
  format: exactly(format),
  first: list(seen),
  restockTo: either(integer, exactly(null)),
  targets: optional(list((one) => Array.isArray(one) && one.length === 2 && one.every(integer))),
  bookFrom: either(integer, exactly(null)),
});

/** Each line ends with a newline. */
export function* historyLines({ operations, ...rest }: History): Generator<string> {
  yield `${JSON.stringify({ format, ...rest })}\n`;
  for (const operation of operations) yield `${JSON.stringify(operation)}\n`;
}

/** Throws a SyntaxError that names the line. */
export function readHistory(content: string): History {
  const [first = '', ...rest] = content.split('\n').filter((one) => one !== '');
  const { format: _format, ...about } = parse(first, 1, head) as Omit<History, 'operations'> & {
    readonly format: string;
  };
  const operations = rest.map((one, i) => parse(one, i + 2, isOperation) as Operation);
  return { ...about, operations };
}

function isOperation(value: unknown): boolean {
  const kind = (value as { kind?: unknown } | null)?.kind;
  if (typeof kind !== 'string' || !Object.hasOwn(checks, kind)) return false;
  return checks[kind as Operation['kind']](value);
}

function parse(content: string, number: number, check: Check): unknown {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    // Reported below.
  }
  if (check(value)) return value;
  throw new SyntaxError(`line ${number} is no ${number === 1 ? 'head of a history' : 'operation'}`);
}
