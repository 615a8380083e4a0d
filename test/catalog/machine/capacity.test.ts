/** The capacity for clients' purchase keys, which is part of the log from rules 2 on. */
import { createHash } from 'node:crypto';
import t from 'tap';
import { seededRandom } from '../../../src/base/random.js';
import { CatalogMachine } from '../../../src/catalog/machine/catalog-machine.js';
import { encode } from '../../../src/wire/codec.js';
import type { CatalogCommand, Purchase, RulesSettings } from '../../../src/wire/internal.js';
import { byClient, byFrontend, type CatalogLog, hour, toyLog } from '../log-builder.js';
import { headOf, readPieces, withHead, writePieces } from './snapshot-pieces.js';

const settings: RulesSettings = { restockTo: 0, bundled: [] };
const start = { clientKeysMax: 3, unprojectedMax: 1_000 };

function logUnder(rules: number): CatalogLog {
  const log = toyLog(new CatalogMachine(start));
  if (rules > 0) log.append(['rules', rules, settings]);
  return log;
}

function sellMany(log: CatalogLog, from: number, count: number): string[] {
  return Array.from({ length: count }, (_, n) => {
    return log.sell(byClient(`${from + n}`, [[1, 1]], { seenTime: log.time }))[0]?.[0] ?? '';
  });
}

t.test('at the capacity only new keys of clients are refused', async (t) => {
  const log = logUnder(2);
  t.same(sellMany(log, 0, 4), ['sold', 'sold', 'sold', 'full']);
  t.same(log.sell(byClient('1', [[1, 1]])), [['sold', 2, 1990, true]], 'a known key');
  t.same(log.sell(byClient('1', [[1, 2]])), [['key_reused']]);
  t.same(log.sell(byFrontend('f', [[1, 1]])), [['sold', 4, 1990, false]]);
});

t.test('a logged capacity applies from its entry on', async (t) => {
  const log = logUnder(2);
  t.same(sellMany(log, 0, 4), ['sold', 'sold', 'sold', 'full']);
  t.same(log.append(['capacity', 5]), { kind: 'none' });
  t.same(sellMany(log, 3, 3), ['sold', 'sold', 'full']);
  t.equal(log.machine.clientKeys, 5);
  t.equal(log.machine.clientKeysMax, 5);
});

t.test(
  'a lower capacity deletes no key, and new keys wait until enough have expired',
  async (t) => {
    const log = logUnder(2);
    sellMany(log, 0, 3);
    log.append(['cursor', 3]);
    log.append(['capacity', 2]);
    t.same(sellMany(log, 9, 1), ['full']);
    t.same(log.sell(byClient('0', [[1, 1]])), [['sold', 1, 1990, true]]);
    t.equal(log.machine.clientKeys, 3);
    log.pass(25 * hour);
    t.equal(log.machine.clientKeys, 0);
    t.same(sellMany(log, 10, 3), ['sold', 'sold', 'full']);
    log.machine.invariants();
  },
);

t.test('an entry without a valid number of keys changes nothing', async (t) => {
  const log = logUnder(2);
  for (const keys of [undefined, null, 0, -1, 1.5, Number.NaN, '5', 2 ** 53]) {
    t.same(log.append(['capacity', keys as number]), { kind: 'none' });
    t.equal(log.machine.clientKeysMax, 3, String(keys));
  }
});

t.test('before rules 2 the log changes no capacity, and hash and snapshot have none', async (t) => {
  for (const rules of [0, 1]) {
    const log = logUnder(rules);
    t.same(log.append(['capacity', 5]), { kind: 'none' });
    t.equal(log.machine.clientKeysMax, 3);
    t.equal(headOf(log.machine)['clientKeysMax'], undefined);
    const other = new CatalogMachine({ ...start, clientKeysMax: 99 });
    for (const entry of log.entries.slice(0, -1)) other.apply(entry);
    t.equal(other.hash(), logUnder(rules).machine.hash());
  }
});

t.test('from rules 2 on the capacity is part of the state', async (t) => {
  const [log, same] = [logUnder(2), logUnder(2)];
  t.equal(log.machine.hash(), same.machine.hash());
  log.append(['capacity', 5]);
  same.append(['capacity', 6]);
  t.not(log.machine.hash(), same.machine.hash());
  const other = new CatalogMachine(start);
  other.restore(log.machine.snapshot());
  t.equal(other.hash(), log.machine.hash());
  t.equal(other.clientKeysMax, 5);
  t.equal(headOf(log.machine)['version'], 4, 'builds before refuse it');
});

t.test('a snapshot with a capacity that its rules do not have is refused', async (t) => {
  const pieces = readPieces(logUnder(2).machine.snapshot());
  for (const changes of [{ version: 3 }, { rules: 1 }, { rules: 3 }, { clientKeysMax: 'many' }]) {
    const saved = writePieces(withHead(pieces, changes));
    t.throws(() => new CatalogMachine().restore(saved), /shape of this version/);
  }
});

t.test('rules 2 do not extend the time in which old forms of keys are found', async (t) => {
  const old = byClient('"quoted"', [[1, 1]]);
  const [key, kind, hash, lines] = byClient('quoted', [[1, 1]], { request: old[3].toString() });
  const sold = (rules: readonly number[]) => {
    const log = logUnder(0);
    for (const [at, version] of rules.entries()) {
      if (at > 0) log.pass(25 * hour);
      log.append(['rules', version, settings]);
    }
    const first: Purchase = [old[0], kind, hash, lines, log.time];
    log.sell(first);
    return log.sell([key, kind, hash, lines, log.time, old[0]])[0]?.[3];
  };
  t.equal(sold([1, 2]), false);
  t.equal(sold([2]), true);
});

/** Purchases, refusals, expiry and changes under rules 0 or 1, drawn from a seed. */
function drawnLog(rules: 0 | 1): CatalogMachine {
  const machine = new CatalogMachine();
  const random = seededRandom(7);
  let [time, seq] = [0, 0];
  const append = (command: CatalogCommand): void => {
    machine.apply({ seq: ++seq, epoch: 1, time, command: encode(command) });
  };
  const product = (_: unknown, n: number) => {
    return { id: n + 1, name: `P${n}`, topic: 't', priceCents: 1 + n * 997, quantity: 400 };
  };
  append(['stock', Array.from({ length: 50 }, product)]);
  if (rules > 0) append(['rules', 1, { restockTo: 100, bundled: [[1, 'P0']] }]);
  const made: Purchase[] = [];
  const purchase = (): Purchase => {
    const kind = random.integer(2) === 1 ? 1 : 0;
    const known = made.length > 0 && random.integer(6) === 0;
    const old = known ? made[random.integer(made.length)] : undefined;
    const hash = kind === 1 ? random.bytes(8) : new Uint8Array(0);
    const quantityMax = random.integer(5) === 0 ? 1_000_000 : 20;
    const line = [1 + random.integer(52), 1 + random.integer(quantityMax)] as const;
    const drawn: Purchase = [
      random.bytes(16),
      kind,
      hash,
      [line],
      time - random.integer(3) * 30_000,
    ];
    made.push(old ?? drawn);
    return old ?? drawn;
  };
  for (let n = 0; n < 3_000; n++) {
    time += random.integer(40) === 0 ? random.integer(30_000) : random.integer(100);
    const kind = random.integer(10);
    if (kind === 0) append(['cursor', Math.max(0, machine.lastSale - random.integer(20))]);
    else if (kind === 1) {
      const priceCents = 1 + random.integer(100_000_000_000);
      append(['update', 1 + random.integer(60), { quantity: random.integer(300), priceCents }]);
    } else {
      const purchases = Array.from({ length: 1 + random.integer(20) }, purchase);
      append(n % 2 === 0 ? ['sell', 1, n, purchases] : ['sell', 1, n, purchases, true]);
    }
  }
  return machine;
}

t.test('logs of rules 0 and 1 give the hashes and snapshots of the build before', async (t) => {
  for (const [rules, hash, saved] of known) {
    const machine = drawnLog(rules);
    t.equal(machine.hash(), hash);
    const digest = createHash('sha256');
    for (const piece of machine.snapshot()) digest.update(piece);
    t.equal(digest.digest('hex'), saved);
    const other = new CatalogMachine();
    other.restore(machine.snapshot());
    t.equal(other.hash(), hash);
    other.invariants();
  }
});

/** Computed by the build before rules 2: rules, state hash, SHA-256 of the snapshot. */
const known = [
  [
    0,
    '54431f3aa41a39da1c819d32cb29d5ef5da19e8f0fc49aa1e3c9f801f1584d5f',
    '8da1488c49f5718a08066d852af1f7835761e246ae52c338bdbf5f4f7489298e',
  ],
  [
    1,
    'c3d08794a58245b8a70dcf631f0e6c869533bad6fa3fe39dfb203474fc8d0cf1',
    'fd0b4659826f4317e026587e77792d9a598115b35e62cc2838192ad94fa38d21',
  ],
] as const;
