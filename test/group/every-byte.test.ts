/**
 * A member whose journal of three batches is cut at any byte, or has any byte turned: it comes up
 * in the state that it had, in doubt of its last batch, refuses and names the file, or, repaired, is
 * a learner with a beginning of its log (docs/PROTOCOL.md, R10, A28).
 */
import t from 'tap';
import { silentLogger } from '../../src/base/logging.js';
import { seededRandom } from '../../src/base/random.js';
import type { Doubt, LogRecord } from '../../src/consensus/types.js';
import { doubtOf, openLog } from '../../src/group/folder.js';
import { GroupHost } from '../../src/group/host.js';
import { noPeers } from '../../src/group/peers.js';
import { CorruptionError } from '../../src/storage/corruption.js';
import { formatCluster, type Identity, openIdentity } from '../../src/storage/identity.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { MemoryDisk } from '../support/memory-disk.js';
import { runs } from '../support/runs.js';
import { Register } from './register.js';

const kib = 1_024;
const block = 4 * kib;
const sector = 512;
const sizes = { segmentBytes: 7 * block, batchBytesMax: 3 * kib };
const home = '/data/order-1';
const members = ['catalog-1', 'order-1', 'order-2', 'order-3'];
const file = `${home}/journal/00000001.seg`;
/** What is written of a block is at its beginning; the rest is padding. */
const writtenBytes = 224;
const paddingStep = runs(149, 37);
/** Every byte, or each third one. */
const writtenStep = runs(3, 1);

/** What the log says, and what a repair found out on the way. */
interface Outcome {
  readonly values: readonly string[];
  readonly learner: boolean;
  readonly doubt: Doubt | undefined;
  readonly refusal: CorruptionError | undefined;
}

function entry(seq: number, text: string): LogRecord {
  return { kind: 'entry', entry: { seq, epoch: 1, time: seq, command: Buffer.from(text) } };
}

async function threeBatches(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await formatCluster(disk, '/data', { members, random: seededRandom(1) });
  const { journal } = await open(disk, await identityOf(disk), false);
  const promise = { kind: 'promise', epoch: 1, leader: 'a' } as const;
  const batches = [
    [promise, entry(1, 'one'), entry(2, 'old'), { kind: 'truncate', from: 2 } as const],
    [entry(2, 'two'), entry(3, 'three')],
    [entry(4, 'four')],
  ];
  for (const records of batches) {
    const durable = new Promise((resolve) => journal.onDurable(resolve));
    journal.append(records);
    await durable;
  }
  await journal.close();
  return disk.copy();
}

function identityOf(disk: MemoryDisk): Promise<Identity> {
  const options = { id: 'order-1', members, init: false, random: seededRandom(2) };
  return openIdentity(disk, home, options);
}

function open(disk: MemoryDisk, identity: Identity, repair: boolean) {
  const log = identity.log('order');
  const options = { log, keepAll: true, repair, alone: false, logger: silentLogger, disk, sizes };
  return openLog(home, options);
}

/** A member of a group of three that starts on the disk: what its log holds in the end. */
async function start(disk: MemoryDisk, repair: boolean): Promise<Outcome> {
  const identity = await identityOf(disk);
  const base = { seq: 0, epoch: 0, time: 0 };
  try {
    const folder = await open(disk, identity, repair);
    const { journal } = folder;
    const { learner } = identity;
    const host = new GroupHost<string>({
      ...{ id: 'a', voters: ['a', 'b', 'c'], recoveryServers: [], learner, incarnation: '1' },
      ...{ journal, machine: new Register(), base },
      ...{ clock: new ManualClock(), logger: silentLogger, peers: noPeers, gated: false },
    });
    await host.start();
    const { log } = host.core.state;
    const values: string[] = [];
    for (let seq = 1; seq <= log.last.seq; seq++) {
      values.push(Buffer.from(log.entry(seq)?.command ?? []).toString());
    }
    host.stop();
    await journal.close();
    return { values, learner, doubt: doubtOf(folder, base), refusal: undefined };
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    const { learner } = identity;
    return { values: [], learner, doubt: undefined, refusal: error };
  }
}

const whole = ['one', 'two', 'three', 'four'];
/** After each batch; a repair keeps whole batches. */
const beginnings = [[], ['one'], ['one', 'two', 'three'], whole].map(String);

/** A sentence where the outcome is none of those allowed. */
async function judge(disk: MemoryDisk, seen: Set<string>): Promise<string | undefined> {
  const plain = await start(disk.copy(), false);
  if (!plain.refusal && plain.learner) {
    seen.add('a doubt');
    const { afterSeq, throughSeq = 4 } = plain.doubt ?? { afterSeq: 4 };
    if (afterSeq <= 3 && throughSeq >= 4 && String(plain.values) === beginnings[2])
      return undefined;
    return `it doubts ${afterSeq} to ${throughSeq} with ${plain.values}`;
  }
  if (!plain.refusal) {
    seen.add('the same state');
    if (String(plain.values) === String(whole)) return undefined;
    return `it came up with ${plain.values}`;
  }
  seen.add('a refusal');
  if (!plain.refusal.message.startsWith(file)) return `it said ${plain.refusal.message}`;
  const repaired = await start(disk, true);
  if (repaired.refusal) return `the repair failed: ${repaired.refusal.message}`;
  seen.add(`a learner with ${repaired.values.length}`);
  if (!repaired.learner) return 'repaired, it would vote';
  if (!beginnings.includes(String(repaired.values))) return `repaired to ${repaired.values}`;
  return undefined;
}

t.test('the journal of these tests has the assumed layout', async (t) => {
  const disk = await threeBatches();
  t.equal((await disk.readFile(file))?.length, 7 * block);
  t.match(await start(disk, false), { values: whole, refusal: undefined });
});

t.test('any byte is changed', async (t) => {
  const disk = await threeBatches();
  const seen = new Set<string>();
  for (let at = 0; at < 7 * block; at++) {
    if (at % (at % block > writtenBytes ? paddingStep : writtenStep) !== 0) continue;
    const damaged = disk.copy();
    damaged.flipBit(file, at, at % 8);
    const wrong = await judge(damaged, seen);
    if (wrong) t.fail(`byte ${at}: ${wrong}`);
  }
  const expected = ['a doubt', 'a refusal', 'the same state'];
  expected.push(...[0, 1].map((n) => `a learner with ${n}`));
  t.strictSame([...seen].sort(), expected.sort());
});

t.test('the journal is cut at any byte', async (t) => {
  const disk = await threeBatches();
  const seen = new Set<string>();
  for (let at = 0; at < 7 * block; at++) {
    if (at % (at % block > writtenBytes ? paddingStep : writtenStep) !== 0) continue;
    const damaged = disk.copy();
    damaged.cut(file, at);
    const wrong = await judge(damaged, seen);
    if (wrong) t.fail(`cut to ${at}: ${wrong}`);
  }
  t.strictSame([...seen].sort(), ['a learner with 0', 'a refusal']);
});

t.test('the last write ended after any sector', async (t) => {
  const disk = await threeBatches();
  const bytes = (await disk.readFile(file)) ?? new Uint8Array(0);
  const kept = new Set<string>();
  for (let at = 5 * block; at <= 7 * block; at += sector) {
    const torn = bytes.slice();
    torn.fill(0, at);
    const damaged = disk.copy();
    await damaged.replace(file, torn);
    const { values, refusal } = await start(damaged, false);
    kept.add(refusal ? refusal.message : String(values));
  }
  const [, , withoutLast = ''] = beginnings;
  t.strictSame([...kept].sort(), [String(whole), withoutLast].sort(), 'all of it or none');
});
