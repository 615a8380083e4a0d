/**
 * The holds that a history implies (docs/STOCK.md, H1 to H7). A hold is confirmed, released or expired, and
 * only one of these; it is never expired before its time. Confirmations become purchases, which the order
 * book and the search for each product then treat as sales. Attempts must be joined before. Pure.
 */
import { addUp } from './book.js';
import { describe } from './describe.js';
import type {
  Confirmation,
  Ended,
  Extension,
  Hold,
  LineWanted,
  Operation,
  OrderLine,
  Purchase,
  Release,
} from './types.js';

/** A hold that was opened, or may have been if the answer is unknown. */
export interface KnownHold {
  /** Its id, or a name that no id has. */
  readonly name: string;
  readonly opening: Hold;
  readonly lines: readonly (LineWanted & { readonly priceCents?: number })[];
  /** It does not end by itself before this time. */
  readonly endsMs: number;
  /** Releases and confirmations that took effect, or may have. */
  readonly releases: readonly Release[];
  readonly confirmations: readonly Confirmation[];
  /** How it ended, if an answer shows that. */
  readonly end: Ended['ended'] | undefined;
}

export interface HoldBook {
  readonly holds: readonly KnownHold[];
  /** The history with purchases instead of confirmations. */
  readonly operations: readonly Operation[];
  readonly problems: readonly string[];
}

type OfHold = Confirmation | Release | Extension;

export function readHolds(operations: readonly Operation[]): HoldBook {
  const problems: string[] = [];
  const openings = new Map<string, Hold>();
  const uses = new Map<string, OfHold[]>();
  for (const operation of operations) {
    if (operation.kind === 'hold') noteOpening(openings, operation, problems);
    else if (isOfHold(operation)) {
      uses.set(operation.hold, [...(uses.get(operation.hold) ?? []), operation]);
    }
  }
  const holds = [...openings].map(([name, opening]) => {
    return readHold(name, opening, uses.get(name) ?? [], problems);
  });
  const unopened = [...uses].filter(([name]) => !openings.has(name)).flatMap(([, all]) => all);
  for (const one of unopened) problems.push(`no operation opened this hold: ${describe(one)}`);
  return { holds, operations: withPurchases(operations, openings), problems };
}

function noteOpening(openings: Map<string, Hold>, opening: Hold, problems: string[]): void {
  const { result, ending } = opening;
  if (ending === 'unknown') {
    openings.set(`unknown ${openings.size}`, opening);
  } else if (result && 'held' in result) {
    const other = openings.get(result.held);
    if (other)
      problems.push(`H1: one hold, two openings: ${describe(other)}, ${describe(opening)}`);
    openings.set(result.held, opening);
    const units = ({ id, quantity }: LineWanted): string => `${id}×${quantity}`;
    const isAsked = addUp(opening.lines).map(units).join() === result.lines.map(units).join();
    const isTotal = costOf(result.lines, result.lines) === result.totalCents;
    if (!isAsked || !isTotal) problems.push(`H2: it is not what was asked: ${describe(opening)}`);
  }
}

function readHold(
  name: string,
  opening: Hold,
  uses: readonly OfHold[],
  problems: string[],
): KnownHold {
  const { result } = opening;
  const lines = result && 'held' in result ? result.lines : addUp(opening.lines);
  const done = uses.filter(isDone);
  const extensions = done.filter((one) => one.kind === 'extend');
  const endsMs = Math.max(opening.endsMs, ...extensions.map((one) => one.endsMs));
  const releases = uses.filter((one) => one.kind === 'release');
  const confirmations = uses.filter((one) => one.kind === 'confirm');
  checkEnds(uses, problems);
  checkTimes(opening, uses, problems);
  for (const one of confirmations) checkConfirmation(one, opening, problems);
  const ends = uses.flatMap((one) => endOf(one) ?? []);
  return {
    ...{ name, opening, lines, endsMs },
    releases: releases.filter(mayBeDone),
    confirmations: confirmations.filter(mayBeDone),
    end: ends[0],
  };
}

/** All answers show one end, and some operation brought it about. */
function checkEnds(uses: readonly OfHold[], problems: string[]): void {
  const told = uses.filter((one) => endOf(one) !== undefined);
  const [first] = told;
  const other = first && told.find((one) => endOf(one) !== endOf(first));
  if (first && other) {
    problems.push(`H3: one hold, two ends: ${describe(first)}; and ${describe(other)}`);
  }
  for (const kind of ['confirm', 'release'] as const) {
    const own = uses.filter((one) => one.kind === kind);
    const [once, twice] = own.filter(isDone);
    if (once && twice) {
      problems.push(`H3: a hold ends twice: ${describe(once)}; and ${describe(twice)}`);
    }
    const end = kind === 'confirm' ? 'confirmed' : 'released';
    const witness = told.find((one) => endOf(one) === end);
    if (witness && !own.some(mayBeDone))
      problems.push(`no operation did that: ${describe(witness)}`);
  }
}

/** A hold is open from its opening to its end, and expires no earlier than it was promised. */
function checkTimes(opening: Hold, uses: readonly OfHold[], problems: string[]): void {
  const extensions = uses.filter((one) => one.kind === 'extend' && isDone(one));
  for (const one of uses) {
    if (one.ending !== 'ok') continue;
    if (one.result === 'not_found') problems.push(`H8: the hold was there: ${describe(one)}`);
    const { result, returnedMs } = one;
    const promised = [opening, ...extensions].filter((two) => two.returnedMs < one.invokedMs);
    const endsMs = Math.max(
      opening.endsMs,
      ...promised.map((two) => (two.kind === 'hold' || two.kind === 'extend' ? two.endsMs : 0)),
    );
    const isExpired = typeof result === 'object' && 'ended' in result && result.ended === 'expired';
    if (isExpired && returnedMs < endsMs) {
      problems.push(
        `H4: expired ${(endsMs - returnedMs).toFixed(3)} ms too early: ${describe(one)}`,
      );
    }
  }
  for (const extension of extensions) {
    const before = uses.find((one) => {
      return endOf(one) !== undefined && one.returnedMs < extension.invokedMs;
    });
    if (before) {
      problems.push(`H7: extended after its end: ${describe(before)}; then ${describe(extension)}`);
    }
  }
}

function checkConfirmation(one: Confirmation, { result }: Hold, problems: string[]): void {
  if (!isDone(one) || !result || !('held' in result)) return;
  const wanted = addUp(one.lines ?? result.lines);
  const isHeld = wanted.every(({ id, quantity }) => {
    return result.lines.some((line) => line.id === id && line.quantity >= quantity);
  });
  const told = typeof one.result === 'object' && 'sold' in one.result ? one.result.totalCents : 0;
  if (!isHeld || costOf(wanted, result.lines) !== told) {
    problems.push(`H3: it is not what was held: ${describe(one)}`);
  }
}

function costOf(wanted: readonly LineWanted[], prices: readonly OrderLine[]): number {
  return wanted.reduce((sum, { id, quantity }) => {
    return sum + quantity * (prices.find((line) => line.id === id)?.priceCents ?? 0);
  }, 0);
}

/** Confirmations in the order of the held lines, as the store sells them. */
function withPurchases(
  operations: readonly Operation[],
  openings: ReadonlyMap<string, Hold>,
): Operation[] {
  return operations.flatMap((one): Operation[] => {
    if (one.kind !== 'confirm') return [one];
    const { result, lines: wanted, kind: _kind, ...rest } = one;
    const opening = openings.get(one.hold);
    if (!opening || !mayBeDone(one)) return [];
    const sold = new Map(addUp(wanted ?? opening.lines).map(({ id, quantity }) => [id, quantity]));
    const lines = addUp(opening.lines)
      .map(({ id }) => ({ id, quantity: sold.get(id) ?? 0 }))
      .filter(({ quantity }) => quantity > 0);
    const purchase: Purchase = { ...rest, kind: 'purchase', lines };
    const isSold = typeof result === 'object' && 'sold' in result;
    return [isSold ? { ...purchase, result } : purchase];
  });
}

function isOfHold(one: Operation): one is OfHold {
  return one.kind === 'confirm' || one.kind === 'release' || one.kind === 'extend';
}

function isDone({ ending, result }: OfHold): boolean {
  if (ending !== 'ok') return false;
  return result === 'done' || (typeof result === 'object' && 'sold' in result);
}

function mayBeDone(one: OfHold): boolean {
  return one.ending === 'unknown' || isDone(one);
}

/** How the hold ended, as the answer shows it. */
function endOf(one: OfHold): Ended['ended'] | undefined {
  const { result } = one;
  if (one.ending !== 'ok') return undefined;
  if (typeof result === 'object' && 'ended' in result) return result.ended;
  if (!isDone(one) || one.kind === 'extend') return undefined;
  return one.kind === 'confirm' ? 'confirmed' : 'released';
}
