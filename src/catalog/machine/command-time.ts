/**
 * The wall time of a catalog command, in milliseconds: for people who read the ledger. Apply never uses it
 * to decide. Builds before rules 4 send it with sales and trades only.
 */
import type { CatalogCommand } from '../../wire/internal.js';

/**
 * The command with this wall time in milliseconds, if it may change stock or start the ledger. A `trade` and
 * a `sell` keep the time that they have.
 */
export function withTime(command: CatalogCommand, at: number): CatalogCommand {
  switch (command[0]) {
    case 'add':
      return ['add', command[1], at];
    case 'update':
      return ['update', command[1], command[2], at];
    case 'remove':
      return ['remove', command[1], command[2], at];
    case 'adjust':
      return ['adjust', command[1], command[2], at];
    case 'keyed':
      return ['keyed', command[1], command[2], command[3], command[4], at];
    case 'stock': {
      const [name, products, from = 0, total = products.length] = command;
      return [name, products, from, total, at];
    }
    case 'restock':
      return ['restock', command[1], command[2] ?? 0, at];
    case 'expire':
      return ['expire', command[1], at];
    case 'rules':
      return ['rules', command[1], command[2], at];
    default:
      return command;
  }
}

/** The wall time of the command in milliseconds; undefined if it has none. */
export function timeOf(command: CatalogCommand): number | undefined {
  const at = timeField(command);
  return Number.isSafeInteger(at) ? at : undefined;
}

function timeField(command: CatalogCommand): number | undefined {
  switch (command[0]) {
    case 'add':
    case 'sell':
    case 'trade':
    case 'expire':
      return command[2];
    case 'update':
    case 'remove':
    case 'adjust':
    case 'restock':
    case 'rules':
      return command[3];
    case 'stock':
      return command[4];
    case 'keyed':
      return command[5];
    default:
      return undefined;
  }
}
