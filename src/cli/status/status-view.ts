/**
 * How a store's status looks: its members and frontends as tables, with rates where an earlier
 * status is known. Pure: it asks nobody, and knows no screen.
 */
import type { FrontendStatus, MemberStatus, StoreStatus } from '../../frontend/types.js';
import type { Io } from '../io.js';
import { type Cell, formatTable, printable } from '../output.js';
import { paint, type Tone } from '../paint.js';
import type { WholeStatus } from './whole-status.js';

/** What was seen, and when by the monotonic clock. */
export interface Sight {
  readonly store: WholeStatus;
  readonly atMs: number;
}

const roleTones: Readonly<Record<MemberStatus['role'], Tone>> = {
  leader: 'good',
  follower: 'faint',
  learner: 'doubtful',
  down: 'bad',
};

export async function describeStatus(
  io: Pick<Io, 'color'>,
  { store, atMs }: Sight,
  before?: Sight,
): Promise<string> {
  const seconds = before === undefined ? 0 : (atMs - before.atMs) / 1_000;
  const members = await formatTable(
    io,
    [
      ...['NAME', 'GROUP', 'KIND', 'ROLE', 'EPOCH', 'LOG END', 'COMMIT', 'LAG', 'PID'],
      ...(before ? ['ENTRIES/s'] : []),
    ],
    store.members.map((one) => [
      ...memberRow(one, store.members),
      ...(before ? [memberRate(one, before.store, seconds)] : []),
    ]),
  );
  const frontends = await formatTable(
    io,
    [
      ...['FRONTEND', 'PID', ...(before ? ['LOOK-UPS/s'] : [])],
      ...['HIT RATE', 'HITS', 'MISSES', 'LEASE', 'GENERATION'],
    ],
    store.frontends.map((one) => frontendRow(one, before?.store, seconds)),
  );
  const silent = (store.unreached ?? []).map(({ address, message }) =>
    paint(io, 'bad', printable(`frontend at ${address} does not answer: ${message}`)),
  );
  return [`${members}\n${frontends}`, ...silent.map((line) => `${line}\n`)].join('');
}

function memberRow(one: MemberStatus, all: readonly MemberStatus[]): Cell[] {
  const { name, group, kind, role, epoch, log_end, commit, pid } = one;
  const ends = all.filter((other) => other.group === group).map((other) => other.log_end);
  const lag = role === 'down' ? '?' : Math.max(...ends) - log_end;
  const tone = roleTones[role];
  const shown = { text: role, tone };
  return [name, group, kind, shown, epoch, log_end, commit, lag, pid === 0 ? '' : pid];
}

function memberRate({ name, group, commit }: MemberStatus, before: StoreStatus, s: number): Cell {
  const was = before.members.find((one) => one.name === name && one.group === group);
  // One that was down then has not written all that in between.
  if (!was || was.commit === 0 || commit < was.commit) return '';
  return perSecond(commit - was.commit, s);
}

/** The rate of hits is that since the earlier look where there is one, else of its whole life. */
function frontendRow(one: FrontendStatus, before: StoreStatus | undefined, s: number): Cell[] {
  const { name, pid, lease } = one;
  const all = lookUps(one);
  const was = before?.frontends.find((other) => other.name === name);
  // One that was started again in between counts from zero.
  const earlier = was && lookUps(was);
  const since = earlier && earlier.asked <= all.asked ? earlier : undefined;
  const hits = all.hits - (since?.hits ?? 0);
  const asked = all.asked - (since?.asked ?? 0);
  const hitRate = asked === 0 ? '' : `${((100 * hits) / asked).toFixed(1)} %`;
  const rate = since ? perSecond(asked, s) : '';
  const held: Cell = lease.held
    ? { text: 'held', tone: 'good' }
    : { text: 'none', tone: 'doubtful' };
  const figures = [hitRate, all.hits, all.misses, held, Number(lease.generation ?? 0)];
  return [name, pid, ...(before ? [rate] : []), ...figures];
}

function lookUps({ cache }: FrontendStatus) {
  const { hits = 0, misses = 0 } = cache;
  return { hits, misses, asked: hits + misses };
}

function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? Math.round(count / seconds) : 0;
}
