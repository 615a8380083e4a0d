/**
 * Checks whether a history can be true, with all checkers: the books of orders, holds and cancellations (I6
 * to I8), real time, each product alone (I9), and all products in one global order. Pure. Invariant: a history
 * without problems is one that the store may show; an undecided one has a problem.
 */
import { joinAttempts } from './attempts.js';
import { readBook } from './book.js';
import { checkCancellations } from './cancel-book.js';
import { describe } from './describe.js';
import { type Chain, checkGlobalOrder } from './global-order.js';
import { readHolds } from './hold-book.js';
import { linearize } from './linearize.js';
import { type ItemHistory, movesByItem } from './moves.js';
import { checkRealTime } from './real-time.js';
import type { History, Operation } from './types.js';

export interface Verdict {
  readonly operations: number;
  readonly products: number;
  readonly orders: number;
  /** One sentence each; empty if the history is valid. */
  readonly problems: readonly string[];
  /** Ids of products whose search ran out of steps. Each has a problem too, as nothing is proven. */
  readonly undecided: readonly number[];
}

/**
 * Limit of search steps for one product, beyond one for each of its moves: if all outcomes are known,
 * none are needed.
 */
const guessesMaxDefault = 400_000;

export function checkHistory(history: History, guessesMax = guessesMaxDefault): Verdict {
  const impossible = outOfTime(history.operations);
  if (impossible.length > 0)
    return { ...countsOf(history, 0, 0), problems: impossible, undecided: [] };
  const attempts = joinAttempts(history.operations);
  const { holds, operations, problems } = readHolds(attempts.operations);
  const joined = { ...history, operations };
  const book = readBook(joined);
  const items = movesByItem(joined, book, holds);
  const { chains, problems: perItem, undecided } = linearizeAll(items, history, guessesMax);
  return {
    ...countsOf(history, items.length, book.sales.length),
    problems: [
      ...attempts.problems,
      ...problems,
      ...book.problems,
      ...checkCancellations(joined, book),
      ...checkRealTime(joined),
      ...perItem,
      ...checkGlobalOrder(chains.filter(isCertain), book, operations),
    ],
    undecided,
  };
}

function countsOf({ operations }: History, products: number, orders: number) {
  return { operations: operations.length, products, orders };
}

function linearizeAll(
  items: readonly ItemHistory[],
  { restockTo: byDefault, targets = [] }: History,
  guessesMax: number,
): { chains: Chain[]; problems: string[]; undecided: number[] } {
  const chains: Chain[] = [];
  const problems: string[] = [];
  const undecided: number[] = [];
  const own = new Map(targets);
  for (const item of items) {
    const restockTo = own.get(item.id) ?? byDefault;
    const stepsMax = item.moves.length + guessesMax;
    const found = linearize(item, { restockTo, stepsMax });
    if (found.ok) {
      chains.push({ item, steps: found.steps });
      continue;
    }
    problems.push(found.problem);
    if (found.isUndecided) undecided.push(item.id);
  }
  return { chains, problems, undecided };
}

/**
 * The order found for a product is the only one if every act was answered and changed something, and no
 * restock hides earlier changes. Setting a price to its current value changes nothing.
 */
function isCertain({ item, steps }: Chain): boolean {
  if (hasHiddenChanges(item, steps)) return false;
  return item.moves.every(({ act, returnedMs }) => {
    if (!act) return true;
    // Their answers have no version, so their place among each other is open.
    if ('hold' in act || act.kind === 'return') return false;
    const maySkip = act.kind === 'change' && (act.add ?? 0) === 0;
    return returnedMs < Number.POSITIVE_INFINITY && !maySkip;
  });
}

/**
 * After a restock the stock is the same, however much was sold before. So if a restock and another
 * change lie between two observed versions, one more sale and one restock less produce the same record.
 */
function hasHiddenChanges({ moves }: ItemHistory, steps: Chain['steps']): boolean {
  const seen = new Set<number>();
  for (const { sight, act } of moves) {
    if (sight?.kind === 'seen') seen.add(sight.seen.version);
    const isTold = act?.kind === 'change' || act?.kind === 'adjust';
    if (isTold && act.result) seen.add(act.result.version);
  }
  let changes = 0;
  let isFilled = false;
  for (const { version, move } of steps) {
    changes += 1;
    isFilled ||= move === undefined;
    if (isFilled && changes > 1) return true;
    if (!seen.has(version)) continue;
    changes = 0;
    isFilled = false;
  }
  return false;
}

function outOfTime(operations: readonly Operation[]): string[] {
  return operations
    .filter(({ invokedMs, returnedMs }) => !(invokedMs <= returnedMs))
    .map((operation) => `answered before it was asked: ${describe(operation)}`);
}
