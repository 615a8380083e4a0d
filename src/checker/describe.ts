/** Describes an operation in words: process, request, times and answer. Pure. */
import { unreachable } from '../base/assert.js';
import type { Operation, Seen } from './types.js';

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
      const lines = operation.lines.map(({ id, quantity }) => `${quantity} of product ${id}`);
      return `buy ${lines.join(' and ')}`;
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
  if ('lines' in result) return result.lines.map((line) => `${line.quantity} of ${line.id}`).join();
  if ('conflict' in result) return `conflict with ${seenText(result.conflict)}`;
  if ('version' in result) return seenText(result);
  return `${result.length} products`;
}

function seenText({ version, quantity, priceCents }: Seen): string {
  return `version ${version}, ${quantity} left at ${(priceCents / 100).toFixed(2)}`;
}
