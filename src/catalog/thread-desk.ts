/**
 * What the catalog's session threads ask its owner, a whole turn's calls at once: one read position
 * serves all the reads among them. Shapes are checked in the threads; positions of fields stand in
 * wire/internal.ts.
 */
import { BazarError, toBazarError } from '../base/errors.js';
import type { OwnerCall } from '../pool/types.js';
import type {
  CatalogCommand,
  LookupAnswer,
  LookupParams,
  NewProduct,
  ProductChange,
  SearchAnswer,
  SearchParams,
} from '../wire/internal.js';
import type { CatalogResult } from './results.js';
import type { CatalogStore } from './store.js';

export class ThreadDesk {
  readonly #store: CatalogStore;

  constructor(store: CatalogStore) {
    this.#store = store;
  }

  calls(calls: readonly OwnerCall[]): void {
    const reads: OwnerCall[] = [];
    for (const call of calls) {
      const command = commandOf(call);
      if (command) this.#change(command, call);
      else reads.push(call);
    }
    if (reads.length > 0) this.#read(reads);
  }

  #read(reads: readonly OwnerCall[]): void {
    this.#store.readBarrier().then(
      () => {
        for (const call of reads) this.#answer(call);
      },
      (error: unknown) => {
        for (const call of reads) call.reply(toBazarError(error));
      },
    );
  }

  #answer({ operation, args, reply }: OwnerCall): void {
    switch (operation) {
      case 'lookup':
        reply(undefined, this.#lookup(args as LookupParams));
        break;
      case 'search':
        reply(undefined, this.#search(args as SearchParams));
        break;
      default:
        reply(new BazarError('unknown_method', `unknown method "${operation}"`));
    }
  }

  #lookup([item]: LookupParams): LookupAnswer {
    const { machine, gates } = this.#store;
    const byId = typeof item === 'number';
    const record = byId ? machine.byId(item) : machine.byName(item);
    // Both ways: a pending purchase by name may hit a record that had another id at its append.
    const isFree = gates.isCacheable(byId ? item : record?.[0], byId ? record?.[1] : item);
    const { serving, applied } = this.#store.status();
    // A follower does not know what is pending, nor would the leader know what it has lent.
    const cacheable = serving && isFree;
    if (cacheable && record) gates.lend(record[0], record[1]);
    return [record ?? null, cacheable, applied];
  }

  #search([topic, text, limit, after]: SearchParams): SearchAnswer {
    const { records, next } = this.#store.machine.search({
      ...(topic === null ? {} : { topic }),
      ...(text === null ? {} : { text }),
      limit,
      after,
    });
    return [records, next ?? null];
  }

  #change(command: CatalogCommand, { reply }: OwnerCall): void {
    this.#store.propose(command).then(
      (result) => {
        const outcome = changed(result);
        if (outcome instanceof BazarError) reply(outcome);
        else reply(undefined, outcome);
      },
      (error: unknown) => reply(toBazarError(error)),
    );
  }
}

function commandOf({ operation, args }: OwnerCall): CatalogCommand | undefined {
  switch (operation) {
    case 'add': {
      const [product] = args as readonly [NewProduct];
      return ['add', product];
    }
    case 'update': {
      const [id, change] = args as readonly [number, ProductChange];
      return ['update', id, change];
    }
    case 'remove': {
      const [id, ifVersion] = args as readonly [number, number | null];
      return ['remove', id, ifVersion];
    }
    default:
      return undefined;
  }
}

function changed(result: CatalogResult): unknown {
  if (result.kind === 'stored' || result.kind === 'removed') return result.record;
  if (result.kind !== 'refused') return new BazarError('internal', 'a change had another result');
  const details = result.current ? { current: result.current } : {};
  return new BazarError(result.code, result.message, { details });
}
