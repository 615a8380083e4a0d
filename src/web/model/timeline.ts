/**
 * The events of the store's services as entries for people, newest first. Pure. Invariant: an event
 * counts once, however often a reconnected listener receives it.
 */
import { listed } from './format.js';
import type { FaultEvent, FrontendEvent, LeaderEvent, MemberEvent } from './shapes.js';

export type Kind = 'leader' | 'fault' | 'up' | 'down' | 'stopped';

export interface Entry {
  /** The id of its first event. */
  readonly id: string;
  readonly at: string;
  readonly kind: Kind;
  readonly names: readonly string[];
  readonly text: string;
  /** How long there was no leader, when a new one serves. */
  readonly outageMs: number | undefined;
}

export interface Timeline {
  readonly entries: readonly Entry[];
  readonly seen: ReadonlySet<string>;
}

export const emptyTimeline: Timeline = { entries: [], seen: new Set() };

const entriesMax = 200;
const seenMax = 2_000;
/** Services that come or go within this time share one line. */
const togetherMs = 1_500;

const groupWords = { catalog: 'the catalog', order: 'the orders' } as const;

export function withLeader(before: Timeline, id: string, event: LeaderEvent): Timeline {
  // The fault entry already says that the leader was lost, with its name.
  if (event.leader === null) return before;
  return added(before, {
    id,
    at: event.at,
    kind: 'leader',
    names: [event.leader],
    text: `${event.leader} leads ${groupWords[event.group]}, epoch ${event.epoch}`,
    outageMs: event.outage_ms > 0 ? event.outage_ms : undefined,
  });
}

export function withFault(before: Timeline, id: string, event: FaultEvent): Timeline {
  const names = event.name === null ? [] : [event.name];
  const { at, message: text } = event;
  return added(before, { id, at, kind: 'fault', names, text, outageMs: undefined });
}

export function withFrontend(before: Timeline, id: string, event: FrontendEvent): Timeline {
  const { at, name, message: text } = event;
  return added(before, { id, at, kind: event.state, names: [name], text, outageMs: undefined });
}

export function withMember(before: Timeline, id: string, event: MemberEvent): Timeline {
  const { at, name, state } = event;
  const [newest, ...older] = before.entries;
  const isOne =
    newest?.kind === state && Math.abs(Date.parse(at) - Date.parse(newest.at)) <= togetherMs;
  if (!isOne || before.seen.has(id)) return added(before, memberEntry(id, at, state, [name]));
  const names = newest.names.includes(name) ? newest.names : [...newest.names, name];
  const entries = [memberEntry(newest.id, newest.at, state, names), ...older];
  return { entries, seen: remembered(before.seen, id) };
}

function memberEntry(
  id: string,
  at: string,
  state: 'up' | 'down',
  names: readonly string[],
): Entry {
  const text = `${listed(names)} ${names.length === 1 ? 'is' : 'are'} ${state}`;
  return { id, at, kind: state, names, text, outageMs: undefined };
}

function added(before: Timeline, entry: Entry): Timeline {
  if (before.seen.has(entry.id)) return before;
  const entries = [entry, ...before.entries].slice(0, entriesMax);
  return { entries, seen: remembered(before.seen, entry.id) };
}

function remembered(seen: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const all = [...seen, id];
  return new Set(all.length > seenMax ? all.slice(-seenMax / 2) : all);
}
