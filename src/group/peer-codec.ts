/**
 * Encodes the messages between members: fields by position, and the entries of an append as one
 * byte sequence that is encoded once for all members (docs/PROTOCOL.md, 3). Senders are
 * authenticated, but every received shape is checked.
 */
import type { Message } from '../consensus/messages.js';
import type { Entry, Position } from '../consensus/types.js';
import { decode, encode } from '../wire/codec.js';
import { bad, type Fields, list, FieldReader as Reader } from './field-reader.js';
import {
  admissionsOf,
  giverOf,
  packAdmissions,
  packGiver,
  packStanding,
  standingOf,
} from './standing-codec.js';

/** The first field of each message. */
const codes = {
  append: 0,
  appended: 1,
  read: 2,
  'read-at': 3,
  prevote: 4,
  prevoted: 5,
  prepare: 6,
  promised: 7,
  fetch: 8,
  fetched: 9,
  stale: 10,
  admit: 11,
  chunk: 12,
  chunked: 13,
  'snapshot-request': 14,
} as const satisfies Record<Message['kind'], number>;

export function encodeMessages(messages: readonly Message[]): Fields {
  return messages.map(toFields);
}

function toFields(m: Message): Fields {
  const code = codes[m.kind];
  switch (m.kind) {
    case 'append': {
      const { epoch, seq } = m.prev;
      const entries = packEntries(m.entries);
      const fields = [code, m.epoch, epoch, seq, entries, m.commit, m.visible, m.round, m.live];
      return m.table ? [...fields, m.table.version, packAdmissions(m.table.admitted)] : fields;
    }
    case 'appended':
      return [
        ...[code, m.epoch, m.ok, m.match, m.matchEpoch, m.prevSeq],
        ...[m.round, m.live, m.learner],
        ...optional(m.table),
      ];
    case 'read':
      return [code, m.id];
    case 'read-at':
      return [code, m.id, m.position ?? null];
    case 'prevote':
      return [code, m.epoch, ...optional(m.apart)];
    case 'prepare':
      return [code, m.epoch, ...optional(m.admitted && packAdmissions(m.admitted))];
    case 'prevoted': {
      const standing = m.standing && packStanding(m.standing);
      return [code, m.epoch, m.agreed, m.promised, ...optional(standing)];
    }
    case 'promised': {
      const last = [m.last.epoch, m.last.seq];
      const giver = m.giver && packGiver(m.giver);
      return [code, m.epoch, m.agreed, m.promised, ...last, ...optional(giver)];
    }
    case 'fetch':
      return [code, m.epoch, m.commit, m.end.epoch, m.end.seq];
    case 'fetched':
      return [code, m.epoch, m.prev.epoch, m.prev.seq, packEntries(m.entries)];
    case 'stale':
      return [code, m.epoch, m.promised];
    case 'admit':
      return [code, m.epoch, m.position, ...optional(m.admitted && packAdmissions(m.admitted))];
    case 'snapshot-request':
      return [code, m.after];
    case 'chunk': {
      const { seq, epoch, time } = m.mark;
      return [code, m.epoch, seq, epoch, time, m.offset, m.total, m.checksum, m.bytes];
    }
    case 'chunked':
      return [code, m.epoch, m.seq, m.offset];
  }
}

/** A last field, which older builds neither send nor read. */
function optional(value: unknown): unknown[] {
  return value === undefined ? [] : [value];
}

/**
 * Cache of the last encoded list: members that are up to date get the same list, one after the
 * other.
 */
let lastPacked: { readonly entries: readonly Entry[]; readonly bytes: Uint8Array } | undefined;

const noEntries = new Uint8Array(0);

function packEntries(entries: readonly Entry[]): Uint8Array {
  if (entries.length === 0) return noEntries;
  if (lastPacked?.entries === entries) return lastPacked.bytes;
  const fields: unknown[] = [];
  for (const { epoch, time, command } of entries) fields.push(epoch, time, command);
  lastPacked = { entries, bytes: encode(fields) };
  return lastPacked.bytes;
}

/** Throws invalid_argument for a value that `encodeMessages` cannot have created. */
export function decodeMessages(value: unknown): Message[] {
  return list(value).map((fields) => fromFields(new Reader(list(fields))));
}

function fromFields(r: Reader): Message {
  switch (r.integer()) {
    case codes.append: {
      const epoch = r.integer();
      const prev = r.position();
      const entries = unpackEntries(prev, r.bytes());
      const place = { commit: r.integer(), visible: r.integer(), round: r.integer() };
      const head = { kind: 'append', epoch, prev, entries, ...place, live: r.boolean() } as const;
      if (r.ended) return head;
      return { ...head, table: { version: r.integer(), admitted: admissionsOf(r) } };
    }
    case codes.appended: {
      const head = { epoch: r.integer(), ok: r.boolean(), match: r.integer() };
      const place = { matchEpoch: r.integer(), prevSeq: r.integer(), round: r.integer() };
      const tail = { live: r.boolean(), learner: r.boolean() };
      const table = r.ended ? {} : { table: r.integer() };
      return { kind: 'appended', ...head, ...place, ...tail, ...table };
    }
    case codes.read:
      return { kind: 'read', id: r.integer() };
    case codes['read-at']:
      return { kind: 'read-at', id: r.integer(), position: r.optionalInteger() };
    case codes.prevote:
      return { kind: 'prevote', epoch: r.integer(), ...(!r.ended && { apart: r.boolean() }) };
    case codes.prepare:
      return {
        kind: 'prepare',
        epoch: r.integer(),
        ...(!r.ended && { admitted: admissionsOf(r) }),
      };
    case codes.prevoted: {
      const head = { epoch: r.integer(), agreed: r.boolean(), promised: r.integer() };
      return { kind: 'prevoted', ...head, ...(!r.ended && { standing: standingOf(r.nested()) }) };
    }
    case codes.promised: {
      const head = { epoch: r.integer(), agreed: r.boolean(), promised: r.integer() };
      const last = r.position();
      return { kind: 'promised', ...head, last, ...(!r.ended && { giver: giverOf(r.nested()) }) };
    }
    case codes.fetch:
      return { kind: 'fetch', epoch: r.integer(), commit: r.integer(), end: r.position() };
    case codes.fetched: {
      const epoch = r.integer();
      const prev = r.position();
      return { kind: 'fetched', epoch, prev, entries: unpackEntries(prev, r.bytes()) };
    }
    case codes.stale:
      return { kind: 'stale', epoch: r.integer(), promised: r.integer() };
    case codes.admit: {
      const head = { epoch: r.integer(), position: r.integer() };
      return { kind: 'admit', ...head, ...(!r.ended && { admitted: admissionsOf(r) }) };
    }
    case codes['snapshot-request']:
      return { kind: 'snapshot-request', after: r.integer() };
    case codes.chunk: {
      const epoch = r.integer();
      const mark = { seq: r.integer(), epoch: r.integer(), time: r.integer() };
      const place = { offset: r.integer(), total: r.integer(), checksum: r.integer() };
      return { kind: 'chunk', epoch, mark, ...place, bytes: r.bytes() };
    }
    case codes.chunked:
      return { kind: 'chunked', epoch: r.integer(), seq: r.integer(), offset: r.integer() };
    default:
      throw bad();
  }
}

function unpackEntries(prev: Position, bytes: Uint8Array): Entry[] {
  if (bytes.length === 0) return [];
  const fields = list(decode(bytes));
  const reader = new Reader(fields);
  const entries: Entry[] = [];
  for (let i = 0; i < fields.length; i += 3) {
    const seq = prev.seq + entries.length + 1;
    const [epoch, time] = [reader.integer(), reader.integer()];
    entries.push({ seq, epoch, time, command: reader.bytes() });
  }
  return entries;
}
