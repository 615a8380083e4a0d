/**
 * The members' messages as they travel: fields by position, the entries of an append as one piece
 * of bytes that is encoded once for all members (docs/PROTOCOL.md, 3). Reads what comes from
 * members that have proved themselves, and still believes no shape.
 */
import { BazarError } from '../base/errors.js';
import type { Message } from '../consensus/messages.js';
import type { Entry, Position } from '../consensus/types.js';
import { decode, encode } from '../wire/codec.js';

type Fields = readonly unknown[];

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
      return [code, m.epoch, epoch, seq, entries, m.commit, m.visible, m.round, m.live];
    }
    case 'appended':
      return [
        ...[code, m.epoch, m.ok, m.match, m.matchEpoch, m.prevSeq],
        ...[m.round, m.live, m.learner],
      ];
    case 'read':
      return [code, m.id];
    case 'read-at':
      return [code, m.id, m.position ?? null];
    case 'prevote':
    case 'prepare':
      return [code, m.epoch];
    case 'prevoted':
      return [code, m.epoch, m.agreed, m.promised];
    case 'promised':
      return [code, m.epoch, m.agreed, m.promised, m.last.epoch, m.last.seq];
    case 'fetch':
      return [code, m.epoch, m.commit, m.end.epoch, m.end.seq];
    case 'fetched':
      return [code, m.epoch, m.prev.epoch, m.prev.seq, packEntries(m.entries)];
    case 'stale':
      return [code, m.epoch, m.promised];
    case 'admit':
      return [code, m.epoch, m.position];
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

/** Members that keep up are sent the very same list, one after the other. */
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

/** Throws invalid_argument where it is not what `encodeMessages` made. */
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
      return { kind: 'append', epoch, prev, entries, ...place, live: r.boolean() };
    }
    case codes.appended: {
      const head = { epoch: r.integer(), ok: r.boolean(), match: r.integer() };
      const place = { matchEpoch: r.integer(), prevSeq: r.integer(), round: r.integer() };
      return { kind: 'appended', ...head, ...place, live: r.boolean(), learner: r.boolean() };
    }
    case codes.read:
      return { kind: 'read', id: r.integer() };
    case codes['read-at']:
      return { kind: 'read-at', id: r.integer(), position: r.optionalInteger() };
    case codes.prevote:
      return { kind: 'prevote', epoch: r.integer() };
    case codes.prepare:
      return { kind: 'prepare', epoch: r.integer() };
    case codes.prevoted:
      return {
        kind: 'prevoted',
        ...{ epoch: r.integer(), agreed: r.boolean(), promised: r.integer() },
      };
    case codes.promised: {
      const head = { epoch: r.integer(), agreed: r.boolean(), promised: r.integer() };
      return { kind: 'promised', ...head, last: r.position() };
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
    case codes.admit:
      return { kind: 'admit', epoch: r.integer(), position: r.integer() };
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

class Reader {
  readonly #fields: Fields;
  #next = 0;

  constructor(fields: Fields) {
    this.#fields = fields;
  }

  integer(): number {
    const value = this.#take();
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw bad();
    return value;
  }

  optionalInteger(): number | undefined {
    if (this.#fields[this.#next] !== null) return this.integer();
    this.#next += 1;
    return undefined;
  }

  boolean(): boolean {
    const value = this.#take();
    if (typeof value !== 'boolean') throw bad();
    return value;
  }

  bytes(): Uint8Array {
    const value = this.#take();
    if (!(value instanceof Uint8Array)) throw bad();
    return value;
  }

  position(): Position {
    return { epoch: this.integer(), seq: this.integer() };
  }

  #take(): unknown {
    const value = this.#fields[this.#next];
    this.#next += 1;
    return value;
  }
}

function list(value: unknown): Fields {
  if (!Array.isArray(value)) throw bad();
  return value;
}

function bad(): BazarError {
  return new BazarError('invalid_argument', 'this is no message of a member');
}
