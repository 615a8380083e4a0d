// Random histories, written to tables by leaders that fail, do not learn of their writes, and replace each other.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { CatalogMachine } from '../../../src/catalog/machine/catalog-machine.js';
import type { Entry } from '../../../src/consensus/types.js';
import type { TableChanges, TableEnds } from '../../../src/database/rows.js';
import type { Sale } from '../../../src/wire/internal.js';
import { runs } from '../../support/runs.js';
import { digest, hour, product } from '../log-builder.js';
import { history, type Step } from '../machine/catalog-history.js';
import { assertShows, Replica, restoredReplica, soldIn } from './table-store.js';
import { TablesModel } from './tables-model.js';
import { type TablePresent, type TableStep, tradeHistory } from './trade-history.js';

const limits = { clientKeysMax: 9, unprojectedMax: 12 };
const noEnds: TableEnds = { lastOrder: 0, lastCancellation: 0, lastMovement: 0 };
const notesMax = { sales: 1_000 };

const firstStock: Step = {
  passed: 0,
  command: () => ['stock', [product('Tux', { quantity: 20 }), product('Whale', { quantity: 10 })]],
};

const id = fc.integer({ min: 1, max: 4 });
const process = fc.constantFrom('p1', 'p2', 'p3');
const change = fc.oneof(
  fc.tuple(id, fc.nat({ max: 9 })).map(([of, add]) => ['update', of, { add }] as const),
  id.map((of) => ['remove', of, null] as const),
  fc.constantFrom('Bear', 'Cow').map((name) => ['add', product(name)] as const),
);
const keyed = fc
  .tuple(fc.nat({ max: 9 }), fc.nat({ max: 1 }), change)
  .map(([key, request, of]): Step['command'] => ({ rules, time }) => {
    if (rules === 0) return undefined;
    return ['keyed', digest(`key ${key}`), digest(`r ${request}`).slice(0, 8), time, of];
  });
/** One entry with several sales, unless little is in stock. */
const several = fc.integer({ min: 2, max: 5 }).map((count): Step['command'] => ({ time }) => {
  const lines = [[1, 1]] as const;
  const none = new Uint8Array(0);
  const keys = Array.from({ length: count }, (_, n) => digest(`several ${time} ${n}`));
  return ['sell', 3, 5, keys.map((key) => [key, 0, none, lines, time] as const), true];
});
/** Commands that the histories of the machine's tests do not have. */
const extra: fc.Arbitrary<Step> = fc
  .oneof(
    keyed,
    keyed,
    process.map((name) => () => ['register', name, 'frontend-1'] as const),
    process.map((name) => () => ['deregister', name] as const),
    fc.constant(() => ['audit', 'token'] as const),
    fc.constant(() => ['rules', 2, { restockTo: 0, bundled: [] }] as const),
    several,
    several,
    // In the middle of a run, and through a part of the sales.
    fc.constantFrom(1, 2, 4).map((behind) => ({ lastSale }: { lastSale: number }) => {
      return ['cursor', Math.max(0, lastSale - behind)] as const;
    }),
  )
  .map((command) => ({ passed: 1_000, command }));

const steps = fc
  .tuple(
    history,
    fc.array(fc.tuple(fc.nat({ max: 50 }), extra), { maxLength: 15, size: 'max' }),
    tradeHistory,
    fc.nat({ max: 50 }),
  )
  .map(([all, extras, trades, from]): TableStep[] => {
    const mixed: TableStep[] = [...all];
    for (const [at, step] of extras) mixed.splice(Math.min(at, mixed.length), 0, step);
    // One after the other, or each second step.
    const [first, second] = [mixed.splice(0, Math.min(from, 10)), mixed];
    const woven = trades.flatMap((step, at) => [step, ...(second[at] ? [second[at]] : [])]);
    return [firstStock, ...first, ...woven, ...second.slice(trades.length)];
  });

/** `share` says how far a follower goes, or whether a write that nobody waits for happens. */
interface Act {
  readonly kind:
    | 'begin'
    | 'end'
    | 'fail'
    | 'repeat'
    | 'lose answer'
    | 'follow'
    | 'report'
    | 'take over'
    | 'restart follower';
  readonly share: number;
}

const kinds = [
  ...(['begin', 'begin', 'end', 'end', 'fail', 'repeat', 'lose answer'] as const),
  ...(['follow', 'follow', 'report', 'take over', 'restart follower'] as const),
];
const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom(...kinds),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
});
const acts = fc.array(act, { maxLength: 130, size: 'max' });

const dayMs = 24 * hour + 15_000;

class World {
  /** Deletes one dropped key of each kind, and one forgotten hold, in a write. */
  readonly model = new TablesModel(undefined, 1);
  readonly entries: Entry[] = [];
  /** Hash of the state after each entry; empty for those that only let time pass. */
  readonly hashes: string[];
  readonly #reference = new CatalogMachine(limits);
  leader = new Replica(limits, notesMax);
  #follower = new Replica(limits, notesMax);
  #time = 0;
  /** A write under way. */
  #changes: TableChanges | undefined;
  #last: TableChanges | undefined;
  #reported = 0;
  readonly #sales: Sale[] = [];
  readonly #confirms: boolean;
  /** What the leader knows to be in the tables. */
  #written: TableEnds = noEnds;

  /** @param confirms the catalog drops cancellations and movements that are in the tables. */
  constructor(confirms: boolean) {
    this.#confirms = confirms;
    this.hashes = [this.#reference.hash()];
  }

  play({ passed, command, day }: TableStep): void {
    if (day) this.#passDay();
    this.#time += passed;
    const { machine } = this.leader;
    const { lastSale, lastRestock, rules, lastLogTime: time } = machine;
    const [sales, written] = [this.#sales, this.#confirms ? this.#written : noEnds];
    const present: TablePresent = { time, lastSale, lastRestock, rules, sales, written };
    const wanted = command(present);
    this.#sales.push(...soldIn(this.leader.append(this.entries, wanted, this.#time)));
    const entry = this.entries.at(-1);
    if (entry) this.#reference.apply(entry);
    this.hashes.push(this.#reference.hash());
    assert.equal(machine.hash(), this.#reference.hash());
  }

  #passDay(): void {
    for (const end = this.#time + dayMs; this.#time < end; ) {
      this.#time += 15_000;
      this.leader.append(this.entries, undefined, this.#time);
      const entry = this.entries.at(-1);
      if (entry) this.#reference.apply(entry);
      this.hashes.push('');
    }
  }

  async act({ kind, share }: Act): Promise<void> {
    switch (kind) {
      case 'begin':
        this.#changes ??= this.leader.tables.changes();
        return;
      case 'end':
        if (this.#changes) await this.#write(this.#changes);
        if (this.#changes) this.leader.tables.written(this.#changes);
        if (this.#changes) this.#written = this.#changes;
        this.#changes = undefined;
        this.#reported = this.model.row.appliedSeq;
        return;
      case 'fail':
        this.#changes = undefined;
        return;
      case 'repeat':
        if (this.#last && !this.#changes) await this.#write(this.#last);
        return;
      case 'lose answer':
        if (this.#changes) await this.#write(this.#changes);
        this.#changes = undefined;
        return;
      case 'follow':
        return this.#follower.applyThrough(this.entries, Math.ceil(share * this.entries.length));
      case 'report':
        return this.#follower.tables.writtenThrough(this.#reported);
      case 'take over':
        return this.#takeOver(share < 0.5);
      case 'restart follower':
        this.#follower = await restoredReplica(this.model, limits, notesMax);
    }
  }

  /** The last write, and all that it did not bring. */
  async finish(): Promise<void> {
    for (let writes = 0; writes < 2; writes++) {
      await this.act({ kind: 'begin', share: 0 });
      await this.act({ kind: 'end', share: 0 });
    }
    assert.equal(this.model.row.appliedSeq, this.entries.length);
  }

  async #write(changes: TableChanges): Promise<void> {
    this.model.write(changes);
    this.#last = changes;
    await assertShows(this.model, this.hashes[this.model.row.appliedSeq] ?? '', limits);
  }

  /** The former leader's write may still happen before. */
  async #takeOver(happens: boolean): Promise<void> {
    if (this.#changes && happens) await this.#write(this.#changes);
    this.#changes = undefined;
    const next = this.#follower;
    this.#follower = this.leader;
    assert.ok(next.tables.continueFrom(this.model.row));
    this.#written = this.model.row;
    assert.ok(next.machine.appliedSeq > this.model.row.appliedSeq || !next.tables.changes());
    next.applyThrough(this.entries, this.entries.length);
    this.leader = next;
    // The next write comes after entries of its own.
    this.#last = undefined;
  }
}

t.test('the tables show the state after one entry, whatever becomes of the writes', async () => {
  await fc.assert(
    fc.asyncProperty(steps, acts, async (all, tape) => {
      const world = new World(true);
      const left = [...tape];
      for (const step of all) {
        world.play(step);
        for (const next of left.splice(0, 2)) await world.act(next);
      }
      await world.finish();
      await assertShows(world.model, world.leader.machine.hash(), limits);
    }),
    { numRuns: runs(50, 200) },
  );
});

t.test('a replica restored at any entry has the same state after the rest of the log', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(), fc.nat(), async (all, one, other) => {
      // A later replica writes all of it to other tables.
      const world = new World(false);
      const cuts = [one % all.length, other % all.length];
      const restored: Replica[] = [];
      for (const [at, step] of all.entries()) {
        world.play(step);
        if (!cuts.includes(at)) continue;
        await world.finish();
        restored.push(await restoredReplica(world.model, limits));
      }
      await world.finish();
      for (const replica of restored) {
        for (const entry of world.entries.slice(replica.machine.appliedSeq)) {
          replica.apply(entry);
          const expected = world.hashes[entry.seq];
          if (expected !== '') assert.equal(replica.machine.hash(), expected);
        }
        // It would continue from where it was restored, and write the same rows.
        const model = new TablesModel(undefined, 1);
        const whole = new Replica(limits);
        whole.applyThrough(world.entries, world.entries.length);
        whole.write(model);
        world.model.deleteDropped();
        assert.deepEqual(model, world.model);
      }
    }),
    { numRuns: runs(30, 100) },
  );
});
