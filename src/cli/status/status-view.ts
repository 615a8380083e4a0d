/**
 * How a store's status looks: its members and frontends as tables, with rates where an earlier
 * status is known. Pure: it asks nobody, and knows no screen.
 */
import type { FrontendStatus, MemberStatus, StoreStatus } from '../../frontend/types.js';
import type { Io } from '../io.js';
import { type Cell, formatTable } from '../output.js';
import type { Tone } from '../paint.js';

/** What was seen, and when by the monotonic clock. */
export interface Sight {
  readonly store: StoreStatus;
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
    ['FRONTEND', 'PID', ...(before ? ['LOOK-UPS/s', 'HIT RATE'] : []), 'CACHE', 'LEASE'],
    store.frontends.map((one) => [
      one.name,
      one.pid,
      ...(before ? lookUpRates(one, before.store, seconds) : []),
      pairs(one.cache),
      pairs(one.lease),
    ]),
  );
  return `${members}\n${frontends}`;
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

function lookUpRates({ name, cache }: FrontendStatus, before: StoreStatus, s: number): Cell[] {
  const was = before.frontends.find((one) => one.name === name)?.cache;
  const hits = (cache.hits ?? 0) - (was?.hits ?? 0);
  const misses = (cache.misses ?? 0) - (was?.misses ?? 0);
  const asked = hits + misses;
  if (!was || asked < 0) return ['', ''];
  return [perSecond(asked, s), asked === 0 ? '' : `${((100 * hits) / asked).toFixed(1)} %`];
}

function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? Math.round(count / seconds) : 0;
}

function pairs(record: Readonly<Record<string, number | boolean>>): string {
  return Object.entries(record)
    .map(([name, value]) => `${name}=${typeof value === 'number' ? round(value) : value}`)
    .join(' ');
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
