/** A group of one: what a service can rely on before there is a second replica. */
import t from 'tap';
import type { BazarError } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/logging.js';
import type { Entry } from '../../src/consensus/types.js';
import { GroupHost } from '../../src/group/host.js';
import type { GroupHostOptions } from '../../src/group/host-options.js';
import { noPeers } from '../../src/group/peers.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { MemoryJournal } from './memory-journal.js';
import { command, Register } from './register.js';

interface Alone {
  readonly journal: MemoryJournal;
  readonly host: GroupHost<string>;
  readonly machine: Register;
  readonly clock: ManualClock;
}

async function start(
  journal: MemoryJournal,
  changes: Partial<GroupHostOptions<string>> = {},
): Promise<Alone> {
  const clock = new ManualClock();
  const machine = new Register();
  const host = new GroupHost<string>({
    id: 'a',
    voters: ['a'],
    recoveryServers: [],
    learner: false,
    incarnation: 'first',
    journal,
    machine,
    base: { seq: 0, epoch: 0, time: 0 },
    clock,
    logger: silentLogger,
    peers: noPeers,
    gated: false,
    ...changes,
  });
  await host.start();
  return { journal, host, machine, clock };
}

/** So many turns in which a timer may ring. */
async function pass(clock: ManualClock, turns: number): Promise<void> {
  for (let n = 0; n < turns; n++) {
    clock.advance(1);
    await turn();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('a group of one elects itself and serves once its opening entry is durable', async (t) => {
  const journal = new MemoryJournal();
  journal.automatic = false;
  const { host } = await start(journal);
  const roles: string[] = [];
  host.onRole((status) => roles.push(`${status.role} ${status.serving}`));
  t.equal(host.status().role, 'follower', 'its promise is not durable yet');
  journal.sync();
  t.match(host.status(), { role: 'leader', serving: false, epoch: 1, logEnd: { seq: 1 } });
  journal.sync();
  t.match(host.status(), { role: 'leader', serving: true, commit: 1, applied: 1, leader: 'a' });
  t.same(roles, ['leader false', 'leader true']);
});

t.test('a proposal resolves with its result once it is durable and applied', async (t) => {
  const journal = new MemoryJournal();
  const { host, machine } = await start(journal);
  await turn();
  journal.automatic = false;
  const seqs: number[] = [];
  let settled = false;
  const proposed = host.propose(command('x'), (seq) => seqs.push(seq));
  proposed.then(() => {
    settled = true;
  });
  await turn();
  t.same(seqs, [2], 'told its seq when appended');
  t.equal(settled, false, 'not before the disk has it');
  t.same(machine.values, []);
  journal.sync();
  t.same(machine.values, ['x'], 'applied in the turn in which it became durable');
  t.same(await proposed, { seq: 2, result: '1:x' });
});

t.test('proposals of one turn reach the journal as one batch', async (t) => {
  const journal = new MemoryJournal();
  const { host } = await start(journal);
  await turn();
  let appends = 0;
  const append = journal.append.bind(journal);
  journal.append = (records) => {
    appends += 1;
    return append(records);
  };
  const results = await Promise.all(['x', 'y', 'z'].map((text) => host.propose(command(text))));
  t.same(
    results.map(({ result }) => result),
    ['1:x', '2:y', '3:z'],
  );
  t.equal(appends, 1);
});

t.test('every applied entry is reported in order before its proposal resolves', async (t) => {
  const told: string[] = [];
  const applied = (entry: Entry, result: string): void => {
    told.push(`${entry.seq} ${result}`);
  };
  const { host } = await start(new MemoryJournal(), { applied });
  await turn();
  await host.propose(command('x')).then(() => told.push('resolved'));
  t.same(told, ['1 ', '2 1:x', 'resolved']);
});

t.test('a restart restores the log, and log time never goes back', async (t) => {
  const first = new MemoryJournal();
  const before = await start(first);
  await turn();
  before.clock.advance(5_000);
  await before.host.propose(command('x'));
  before.clock.advance(60_000);
  await before.host.propose(command('y'));
  before.host.stop();

  const times: number[] = [];
  const applied = (entry: Entry): void => {
    times.push(entry.time);
  };
  const second = new MemoryJournal(first.disk);
  const after = await start(second, { applied });
  await turn();
  await turn();
  t.same(after.machine.values, ['x', 'y']);
  t.match(after.host.status(), { role: 'leader', serving: true, epoch: 2, applied: 4 });
  t.same(times, [0, 5_000, 20_000, 20_000], 'at most 15 s an entry');
});

t.test('a restart from a snapshot applies only the entries after it', async (t) => {
  const first = new MemoryJournal();
  const before = await start(first);
  await turn();
  for (const text of ['x', 'y', 'z']) await before.host.propose(command(text));
  before.host.stop();
  await first.dropBefore(3);
  const after = await start(new MemoryJournal(first.disk), { base: { seq: 2, epoch: 1, time: 0 } });
  await turn();
  await turn();
  t.same(after.machine.values, ['y', 'z']);
  t.equal(after.host.status().serving, true);
});

t.test('with gates an entry stays invisible until its gate opens', async (t) => {
  const { host, machine } = await start(new MemoryJournal(), { gated: true });
  await turn();
  t.match(host.status(), { serving: false, commit: 1, applied: 0 });
  host.openGates(1);
  t.equal(host.status().serving, true);
  const proposed = host.propose(command('x'));
  await turn();
  await turn();
  t.match(host.status(), { commit: 2, applied: 1 });
  t.same(machine.values, []);
  t.equal(await host.readBarrier(), 1, 'a read is served at what is visible');
  host.openGates(2);
  t.same(await proposed, { seq: 2, result: '1:x' });
});

t.test('a gate may be opened while the entry is being appended', async (t) => {
  const { host } = await start(new MemoryJournal(), { gated: true });
  await turn();
  host.openGates(1);
  const applied = await host.propose(command('x'), (seq) => host.openGates(seq));
  t.equal(applied.seq, 2);
});

t.test('a read waits until the opening entry is applied', async (t) => {
  const journal = new MemoryJournal();
  journal.automatic = false;
  const { host } = await start(journal);
  journal.sync();
  let position = 0;
  host.readBarrier().then((seq) => {
    position = seq;
  });
  await turn();
  t.equal(position, 0);
  journal.sync();
  await turn();
  t.equal(position, 1);
});

t.test('a full uncommitted tail answers overloaded', async (t) => {
  const journal = new MemoryJournal();
  const { host, clock } = await start(journal);
  await turn();
  journal.automatic = false;
  const piece = new Uint8Array(1024 * 1024).fill(1);
  const outcomes = Array.from({ length: 5 }, () =>
    host.propose(piece).then(
      () => 'applied',
      (error: BazarError) => error.code,
    ),
  );
  await turn();
  journal.sync();
  await pass(clock, outcomes.length);
  t.same(await Promise.all(outcomes), ['applied', 'applied', 'applied', 'applied', 'overloaded']);
});

t.test('the age of the oldest uncommitted entry shows a hung disk', async (t) => {
  const journal = new MemoryJournal();
  const { host, clock } = await start(journal);
  await turn();
  journal.automatic = false;
  const proposed = host.propose(command('x'));
  await turn();
  clock.advance(3_000);
  t.equal(host.status().oldestUncommittedMs, 3_000);
  t.equal(host.status().diskSilentMs, 3_000);
  journal.sync();
  t.equal(host.status().oldestUncommittedMs, 0);
  t.equal(host.status().diskSilentMs, 0);
  await proposed;
});

t.test('empty and too large commands are refused', async (t) => {
  const { host } = await start(new MemoryJournal());
  await t.rejects(host.propose(new Uint8Array(0)), { code: 'invalid_argument' });
  await t.rejects(host.propose(new Uint8Array(5 * 1024 * 1024)), { code: 'too_large' });
});

t.test(
  'a failed journal ends the host, and waiting requests have an unknown outcome',
  async (t) => {
    const journal = new MemoryJournal();
    const { host } = await start(journal);
    await turn();
    journal.automatic = false;
    const proposed = host.propose(command('x'));
    await turn();
    journal.fail(new Error('disk'));
    await t.rejects(proposed, { code: 'unavailable', details: { unknown: true } });
    t.equal((await host.failed).message, 'disk');
    await t.rejects(host.propose(command('y')), { code: 'unavailable' });
  },
);

t.test('behind closed gates it leads without serving, and reports unapplied entries', async (t) => {
  const { host, clock } = await start(new MemoryJournal(), { gated: true });
  await turn();
  t.match(host.status(), { role: 'leader', serving: false, commit: 1, applied: 0 });
  t.equal(host.electedMs, clock.nowMs());
  await host.confirmLead();
  const seen: number[] = [];
  const visiting = host.eachUnapplied(({ seq }) => seen.push(seq));
  t.same(seen, [1], 'at once, from memory');
  await visiting;
  host.openGates(1);
  t.match(host.status(), { serving: true, applied: 1 });
  await host.eachUnapplied(() => t.fail('all is applied'));
});

t.test('a long log is applied in pieces, and requests are answered between them', async (t) => {
  const before = await start(new MemoryJournal());
  await turn();
  const large = 'x'.repeat(100_000);
  const values = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `${n}${large}`);
  const stored = Promise.all(values.map((value) => before.host.propose(command(value))));
  await pass(before.clock, values.length);
  await stored;
  before.host.stop();
  const { host, machine, clock } = await start(new MemoryJournal(before.journal.disk));
  await turn();
  t.match(host.status(), { role: 'leader', serving: false }, 'it tells that it leads');
  t.ok(machine.values.length < values.length, 'though much is left to do');
  await pass(clock, values.length);
  t.same(machine.values, values);
  t.match(host.status(), { role: 'leader', serving: true });
});
