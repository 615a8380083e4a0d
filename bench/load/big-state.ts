/**
 * A large state for a catalog group that is stopped: many products and many purchase keys, in a snapshot
 * that replaces the logs of all members. The keys belong to refused purchases, so the order book does
 * not need them.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../src/base/random.js';
import { CatalogMachine } from '../../src/catalog/machine/catalog-machine.js';
import { createNodeDisk } from '../../src/storage/node-disk.js';
import { SnapshotStore } from '../../src/storage/snapshot-store.js';
import { encode } from '../../src/wire/codec.js';
import {
  type CatalogCommand,
  keyKinds,
  type NewProduct,
  type Purchase,
} from '../../src/wire/internal.js';
import { fullStock } from './products.js';

const together = 500;
const at = 1_700_000_000_000;

export interface BigState {
  readonly products: number;
  readonly keys: number;
}

/**
 * Folders of the members' part of the catalog group, for example `catalog-1` or `recovery-1/catalog`.
 */
export async function giveState(
  dataDir: string,
  folders: readonly string[],
  state: BigState,
): Promise<number> {
  const machine = new CatalogMachine();
  for (const command of commands(state)) apply(machine, command);
  const label = { seq: machine.appliedSeq, epoch: 1, time: 0, hash: machine.hash() };
  let bytes = 0;
  for (const folder of folders) {
    const path = join(dataDir, folder);
    for (const part of ['journal', 'snapshots']) {
      rmSync(join(path, part), { recursive: true, force: true });
    }
    const store = new SnapshotStore(createNodeDisk(), join(path, 'snapshots'));
    bytes = await store.save(label, machine.snapshot());
  }
  return bytes;
}

function apply(machine: CatalogMachine, command: CatalogCommand): void {
  const seq = machine.appliedSeq + 1;
  machine.apply({ seq, epoch: 1, time: 0, command: encode(command) });
}

function* commands({ products, keys }: BigState): Generator<CatalogCommand> {
  const soldOut = products + 1;
  for (let from = 0; from < soldOut; from += together) {
    const count = Math.min(together, soldOut - from);
    const part = Array.from({ length: count }, (_, n) => product(from + n + 1, soldOut));
    yield ['stock', part, from, soldOut];
  }
  const random = seededRandom(1);
  for (let made = 0; made < keys; made += together) {
    const purchases = Array.from({ length: together }, (): Purchase => {
      return [random.bytes(16), keyKinds.client, random.bytes(8), [[soldOut, 1]], 0];
    });
    yield ['sell', 0, at, purchases];
  }
}

function product(id: number, soldOut: number): NewProduct {
  const name = `Product ${String(id).padStart(6, '0')}`;
  const quantity = id === soldOut ? 0 : fullStock;
  return { id, name, topic: `topic ${id % 100}`, priceCents: 1990, quantity };
}
