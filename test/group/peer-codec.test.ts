/** What members say to each other survives the journey, and nothing else is believed. */
import t from 'tap';
import type { Message } from '../../src/consensus/messages.js';
import { decodeMessages, encodeMessages } from '../../src/group/peer-codec.js';
import { decode, encode } from '../../src/wire/codec.js';

const entries = [
  { seq: 8, epoch: 2, time: 10, command: Buffer.from('x') },
  { seq: 9, epoch: 3, time: 25, command: Buffer.alloc(0) },
];
const prev = { epoch: 2, seq: 7 };

const admitted = new Map([
  ['order-2', { epoch: 3, version: 2 }],
  ['recovery-1', { epoch: 4, version: 1 }],
]);
const doubt = { afterSeq: 7, throughSeq: undefined, promised: 3 };

/** Older builds end here; the others have a field more. */
const messages: Message[] = [
  { kind: 'prevote', epoch: 4 },
  { kind: 'prevoted', epoch: 4, agreed: false, promised: 5 },
  { kind: 'prepare', epoch: 2 ** 40 },
  { kind: 'promised', epoch: 4, agreed: true, promised: 4, last: prev },
  { kind: 'fetch', epoch: 4, commit: 3, end: prev },
  { kind: 'fetched', epoch: 4, prev, entries },
  { kind: 'append', epoch: 4, prev, entries, commit: 7, visible: 6, round: 5, live: false },
  { kind: 'append', epoch: 4, prev, entries: [], commit: 7, visible: 6, round: 5, live: true },
  {
    kind: 'appended',
    ...{ epoch: 4, ok: true, match: 9, matchEpoch: 3, prevSeq: 7, round: 5 },
    ...{ live: true, learner: false },
  },
  { kind: 'stale', epoch: 3, promised: 4 },
  { kind: 'read', id: 17 },
  { kind: 'read-at', id: 17, position: 9 },
  { kind: 'read-at', id: 17, position: undefined },
  { kind: 'admit', epoch: 4, position: 9 },
  {
    kind: 'chunk',
    ...{ epoch: 4, mark: { seq: 9, epoch: 3, time: 25 }, offset: 5, total: 8, checksum: 77 },
    bytes: Buffer.from('abc'),
  },
  { kind: 'snapshot-request', after: 6 },
  { kind: 'chunked', epoch: 4, seq: 9, offset: 8 },
];

t.test('every kind of message is decoded as it was encoded', async (t) => {
  const arrived = decodeMessages(decode(encode(encodeMessages(messages))));
  t.same(arrived, messages);
});

const longer: Message[] = [
  { kind: 'prevote', epoch: 4, apart: true },
  ...[undefined, doubt].map((doubt): Message => {
    const standing = { learner: doubt !== undefined, doubt, last: prev };
    return { kind: 'prevoted', epoch: 4, agreed: true, promised: 3, standing };
  }),
  { kind: 'prepare', epoch: 4, admitted: new Map() },
  { kind: 'prepare', epoch: 4, admitted },
  ...[undefined, { ...doubt, throughSeq: 9 }, { ...doubt, accepted: true }].map(
    (doubt): Message => {
      const giver = { learner: true, doubt, stamp: { epoch: 3, version: 2 }, admitted };
      return { kind: 'promised', epoch: 4, agreed: true, promised: 4, last: prev, giver };
    },
  ),
  {
    kind: 'append',
    ...{ epoch: 4, prev, entries: [], commit: 7, visible: 6, round: 5, live: true },
    table: { version: 2, admitted },
  },
  {
    kind: 'appended',
    ...{ epoch: 4, ok: true, match: 9, matchEpoch: 3, prevSeq: 7, round: 5 },
    ...{ live: true, learner: true, table: 0 },
  },
  { kind: 'admit', epoch: 4, position: 9, admitted },
];

t.test('a last field is decoded too, and an older build ignores it', async (t) => {
  const fields = encodeMessages(longer) as readonly (readonly unknown[])[];
  t.strictSame(decodeMessages(decode(encode(fields))), longer);
  const lengths = new Map(
    (encodeMessages(messages) as readonly (readonly unknown[])[]).map((m) => [m[0], m.length]),
  );
  for (const [at, message] of longer.entries()) {
    const cut = fields[at]?.slice(0, lengths.get(fields[at]?.[0]));
    const [older] = decodeMessages([cut]);
    t.match(message, older ?? {}, 'the fields before are where they were');
  }
});

t.test('a last field of another shape is refused', async (t) => {
  for (const wrong of [7, 'x', [1, 2, 3], ['a', 1], ['a', 'b', 'c']]) {
    t.throws(() => decodeMessages([[6, 4, wrong]]), { code: 'invalid_argument' });
  }
});

t.test('entries get their seqs from the position before them', async (t) => {
  const [message] = decodeMessages(decode(encode(encodeMessages(messages.slice(5, 6)))));
  t.match(message, { entries: [{ seq: 8 }, { seq: 9 }] });
});

t.test('any other value is refused', async (t) => {
  const good = encodeMessages(messages.slice(0, 1))[0] as unknown[];
  for (const value of [
    null,
    7,
    [7],
    [[]],
    [[99, 1]],
    [[good[0]]],
    [[good[0], 'four']],
    [[good[0], 1.5]],
    [[good[0], -1]],
    [[9, 1, 2, 3, 'entries', 0, 0, 0, true]],
  ]) {
    t.throws(() => decodeMessages(value), { code: 'invalid_argument' }, JSON.stringify(value));
  }
});
