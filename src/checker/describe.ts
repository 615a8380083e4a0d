/** Describes an operation in words: process, request, times and answer. Pure. */
import { unreachable } from '../base/assert.js';
import type { LineWanted, Operation, Seen } from './types.js';

export function describe(operation: Operation): string {
  const { process, invokedMs, returnedMs, ending } = operation;
  const when = `${invokedMs.toFixed(3)}..${returnedMs.toFixed(3)} ms`;
  const told = ending === 'ok' ? answerOf(operation) : ending;
  return `${process} (${when}): ${questionOf(operation)} → ${told}`;
}

function questionOf(operation: Operation): string {
  switch (operation.kind) {
    case 'look-up':
      return `look up product ${operation.id}`;
    case 'search':
      return 'search';
    case 'purchase': {
      const { hold, lines } = operation;
      return hold === undefined
        ? `buy ${linesText(lines)}`
        : `confirm ${linesText(lines)} of a hold`;
    }
    case 'hold':
      return `hold ${linesText(operation.lines)}`;
    case 'confirm':
    case 'release':
    case 'extend':
      return `${operation.kind} hold ${operation.hold}`;
    case 'cancel': {
      const { lines, number, restock } = operation;
      const what = lines ? `${linesText(lines)} of order ${number}` : `order ${number}`;
      return `cancel ${what} ${restock ? 'with' : 'without'} restock`;
    }
    case 'adjust': {
      const { id, delta, count } = operation;
      return `adjust product ${id} ${delta === undefined ? `to ${count}` : `by ${delta}`}`;
    }
    case 'order':
      return `read order ${operation.number}`;
    case 'change': {
      const { quantity, add, priceCents, topic } = operation;
      const fields = Object.entries({ quantity, add, priceCents, topic });
      const given = fields.filter(([, value]) => value !== undefined);
      return `change product ${operation.id}: ${given.map((pair) => pair.join(' ')).join(', ')}`;
    }
    case 'add':
      return `add product ${operation.id} with ${operation.quantity}`;
    case 'remove':
      return `remove product ${operation.id}`;
    default:
      return unreachable(operation);
  }
}

function answerOf(operation: Operation): string {
  const { result } = operation;
  if (result === undefined) return 'nothing';
  if (typeof result === 'string') return result.replace('_', ' ');
  if ('sold' in result) return `order ${result.sold}`;
  if ('refused' in result) return `${result.available ?? 'too few'} of ${result.refused} left`;
  if ('missing' in result) return `no product ${result.missing}`;
  if ('held' in result) return `hold ${result.held}`;
  if ('ended' in result) return `the hold is ${result.ended}`;
  if ('cancelled' in result) return `cancellation ${result.cancelled}`;
  if ('delta' in result) {
    const { version, quantity, reserved } = result;
    return `version ${version}, ${quantity} left and ${reserved} reserved`;
  }
  if ('lines' in result) return result.lines.map((line) => `${line.quantity} of ${line.id}`).join();
  if ('conflict' in result) return `conflict with ${seenText(result.conflict)}`;
  if ('version' in result) return seenText(result);
  return `${result.length} products`;
}

function linesText(lines: readonly LineWanted[]): string {
  return lines.map(({ id, quantity }) => `${quantity} of product ${id}`).join(' and ');
}

function seenText({ version, quantity, priceCents }: Seen): string {
  return `version ${version}, ${quantity} left at ${(priceCents / 100).toFixed(2)}`;
}
