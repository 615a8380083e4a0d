/**
 * Formats a store's status: its members and frontends as tables, with rates if an earlier status is
 * known. Pure: it sends no request and does not use the screen.
 */
import type { MemberStatus, StoreStatus } from '../../frontend/types.js';
import type { Io } from '../output/io.js';
import { type Cell, formatTable, printable } from '../output/output.js';
import { paint, type Tone } from '../output/paint.js';
import { frontendHead, frontendRows, spareOfFrontends } from './frontend-rows.js';
import { perSecond } from './rates.js';
import type { WholeStatus } from './whole-status.js';

/** A status, and its time by the monotonic clock. */
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

/**
 * Columns to omit, in this order, if the screen is too narrow; other columns imply most of their
 * contents.
 */
const spareOfMembers = ['KIND', 'LOG END', 'EPOCH', 'GROUP'];
const gap = 2;

/** @param columns width of the screen, which a table must not exceed. */
export async function describeStatus(
  io: Pick<Io, 'color'>,
  { store, atMs }: Sight,
  before?: Sight,
  columns = Number.POSITIVE_INFINITY,
): Promise<string> {
  const seconds = before === undefined ? 0 : (atMs - before.atMs) / 1_000;
  const members = fitting(
    columns,
    spareOfMembers,
    [
      ...['NAME', 'GROUP', 'KIND', 'ROLE', 'EPOCH', 'LOG END', 'COMMIT', 'LAG', 'PID'],
      ...(before ? ['ENTRIES/s'] : []),
    ],
    store.members.map((one) => [
      ...memberRow(one, store.members),
      ...(before ? [memberRate(one, before.store, seconds)] : []),
    ]),
  );
  const frontends = fitting(
    columns,
    spareOfFrontends,
    frontendHead(before !== undefined),
    frontendRows(store, before?.store, seconds),
  );
  const silent = (store.unreached ?? []).map(({ address, message }) =>
    paint(io, 'bad', printable(`frontend at ${address} does not answer: ${message}`)),
  );
  const tables = [
    await formatTable(io, members.head, members.rows),
    await formatTable(io, frontends.head, frontends.rows),
  ];
  return [tables.join('\n'), ...silent.map((line) => `${line}\n`)].join('');
}

interface Content {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** The table without as many of the spare columns as necessary to fit. */
function fitting(
  columns: number,
  spare: readonly string[],
  head: Content['head'],
  rows: Content['rows'],
): Content {
  const [first, ...others] = spare;
  if (first === undefined || widthOf(head, rows) <= columns) return { head, rows };
  const at = head.indexOf(first);
  const without = <T>(all: readonly T[]): T[] => all.filter((_one, i) => i !== at);
  return fitting(columns, others, without(head), rows.map(without));
}

function widthOf(head: Content['head'], rows: Content['rows']): number {
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => textOf(row[i] ?? '').length)),
  );
  return widths.reduce((sum, width) => sum + width, gap * (head.length - 1));
}

function textOf(cell: Cell): string {
  return typeof cell === 'object' ? cell.text : String(cell);
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
  // A member that was down has no earlier commit, so a rate would be wrong.
  if (!was || was.commit === 0 || commit < was.commit) return '';
  return perSecond(commit - was.commit, s);
}
