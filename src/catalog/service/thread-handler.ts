/**
 * Handles the calls of the catalog's session threads on the owner, a whole turn at once. All reads
 * of a turn share one read position. A follower asks the leader once a turn which answers frontends
 * may cache. Threads check the shapes; field positions are defined in wire/internal.ts.
 */
import { BazarError, toBazarError } from '../../base/errors.js';
import { leaseLimits } from '../../base/limits.js';
import type { OwnerCall } from '../../pool/types.js';
import { anyTopic, type GrantAnswer, type GrantParams } from '../../wire/internal.js';
import type {
  HoldParams,
  LookupAnswer,
  LookupManyAnswer,
  LookupManyParams,
  LookupParams,
  SearchAnswer,
  SearchParams,
  StockParams,
} from '../../wire/thread-requests.js';
import {
  type Grantor,
  grantorHere,
  grantorThere,
  noGrantor,
} from '../coherence/grantable-reads.js';
import type { FoundProducts } from '../machine/products.js';
import { answerChange } from './changes.js';
import type { CatalogStore } from './store.js';

/** Maximum wait for the leader's grants. After it the answers are sent as uncacheable. */
const grantMs = 250;

/** Sends a request to another member's replication port, in order with the group's messages. */
export type AskMember = (
  name: string,
  method: string,
  params: unknown,
  timeoutMs: number,
) => Promise<unknown>;

/** The leader's grants, valid for answers from its position on. */
interface LeaderGrants {
  readonly grantor: Grantor;
  readonly appliedSeq: number;
}

export class ThreadHandler {
  readonly #store: CatalogStore;
  readonly #ask: AskMember;

  constructor(store: CatalogStore, ask: AskMember) {
    this.#store = store;
    this.#ask = ask;
  }

  calls(calls: readonly OwnerCall[]): void {
    const reads: OwnerCall[] = [];
    for (const call of calls) {
      if (!answerChange(this.#store, call)) reads.push(call);
    }
    if (reads.length > 0) this.#read(reads);
  }

  #read(reads: readonly OwnerCall[]): void {
    // Asked before the read position, so that this position usually includes what the leader had
    // applied.
    const asked = this.#askLeader(reads);
    Promise.all([asked, this.#store.readBarrier()]).then(
      ([granted]) => {
        const grantor = this.#grantor(granted);
        for (const call of reads) this.#answer(call, grantor);
      },
      (error: unknown) => {
        for (const call of reads) call.reply(toBazarError(error));
      },
    );
  }

  /** Undefined at a leader, which grants when it answers, and if the leader does not answer. */
  async #askLeader(reads: readonly OwnerCall[]): Promise<LeaderGrants | undefined> {
    const { serving, leader, id } = this.#store.status();
    if (serving || leader === undefined || leader === id) return undefined;
    const wanted = this.#wanted(reads);
    if (wanted === undefined) return undefined;
    try {
      const answer = (await this.#ask(leader, 'lend', wanted, grantMs)) as GrantAnswer;
      return { grantor: grantorThere(wanted, answer), appliedSeq: answer[1] };
    } catch {
      return undefined;
    }
  }

  #grantor(granted: LeaderGrants | undefined): Grantor {
    const here = grantorHere(this.#store);
    if (here) return here;
    const isReached = granted !== undefined && granted.appliedSeq <= this.#store.machine.appliedSeq;
    return isReached ? granted.grantor : noGrantor;
  }

  /** The items that the answers will contain, as far as this replica knows now. */
  #wanted(reads: readonly OwnerCall[]): GrantParams | undefined {
    const ids = new Set<number>();
    const names = new Set<string>();
    const topics = new Set<string>();
    for (const { operation, args } of reads) {
      if (operation === 'lookup') {
        const [item] = args as LookupParams;
        if (typeof item === 'number') ids.add(item);
        else names.add(item);
      } else if (operation === 'lookup_many') {
        for (const id of (args as LookupManyParams)[0]) ids.add(id);
      } else if (operation === 'search') {
        const params = args as SearchParams;
        topics.add(topicOf(params));
        for (const [id] of this.#find(params).records) ids.add(id);
      }
      if (ids.size + names.size > leaseLimits.grantItemsMax) return undefined;
    }
    if (ids.size + names.size + topics.size === 0) return undefined;
    return [[...ids], [...names], [...topics]];
  }

  #answer({ operation, args, reply }: OwnerCall, grantor: Grantor): void {
    switch (operation) {
      case 'lookup':
        reply(undefined, this.#lookup(args as LookupParams, grantor));
        break;
      case 'lookup_many':
        reply(undefined, this.#lookupMany(args as LookupManyParams, grantor));
        break;
      case 'search':
        reply(undefined, this.#search(args as SearchParams, grantor));
        break;
      case 'hold':
        reply(undefined, this.#store.machine.hold((args as HoldParams)[0]) ?? null);
        break;
      case 'stock':
        reply(undefined, this.#store.machine.stockOf((args as StockParams)[0]) ?? null);
        break;
      default:
        reply(new BazarError('unknown_method', `unknown method "${operation}"`));
    }
  }

  #lookup([item]: LookupParams, grantor: Grantor): LookupAnswer {
    const { machine } = this.#store;
    const byId = typeof item === 'number';
    const record = byId ? machine.byId(item) : machine.byName(item);
    const isGranted = byId ? grantor.id(item) : grantor.name(item);
    return [record ?? null, isGranted ? grantor.epoch : 0, machine.appliedSeq];
  }

  #lookupMany([ids]: LookupManyParams, grantor: Grantor): LookupManyAnswer {
    const { machine } = this.#store;
    const records = ids.map((id) => machine.byId(id) ?? null);
    const kept = ids.map((id) => grantor.id(id));
    return [records, grantor.epoch, machine.appliedSeq, kept];
  }

  #search(params: SearchParams, grantor: Grantor): SearchAnswer {
    const { records, next } = this.#find(params);
    const isKept = grantor.topic(topicOf(params));
    const kept = records.map(([id]) => grantor.id(id));
    const { appliedSeq } = this.#store.machine;
    return [records, next ?? null, grantor.epoch, appliedSeq, isKept, kept];
  }

  #find([topic, text, limit, after]: SearchParams): FoundProducts {
    return this.#store.machine.search({
      ...(topic === null ? {} : { topic }),
      ...(text === null ? {} : { text }),
      limit,
      after,
    });
  }
}

/** The topic whose changes invalidate the list. */
function topicOf([topic]: SearchParams): string {
  return topic?.toLowerCase() ?? anyTopic;
}
