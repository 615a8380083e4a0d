/**
 * Any MessagePack value at any place of a request, and the same again: each request gets one answer,
 * none is `internal`, and the answers to the requests beside it are not lost.
 */
import fc from 'fast-check';
import t from 'tap';
import type { RpcHandler } from '../../src/net/rpc-session.js';
import { encode } from '../../src/wire/codec.js';
import { validateParams } from '../../src/wire/validate.js';
import { framed, rawAgainst } from '../net/stage.js';

/** Checks params as the gateway does. */
const checking: RpcHandler = {
  request(_session, method, params, reply) {
    validateParams(method, params);
    reply.result('sound');
  },
};

const times = 4;
const methods = ['lookup', 'search', 'buy', 'hello', 'ping', 'status', 'order', 'audit', 'none'];
const fields = ['id', 'name', 'quantity', 'lines', 'key', 'text', 'topic', 'limit', 'token'];

const { anything } = fc.letrec((tie) => ({
  anything: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, false, 0, -1, 1.5, 2 ** 40, 2n ** 63n - 1n, Number.NaN),
    fc.string({ maxLength: 40 }),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('anything'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...fields), tie('anything'), { maxKeys: 4 }),
  ),
}));

interface Sent {
  readonly message: unknown;
  /** It has an id of its own to be answered under. */
  readonly isRequest: boolean;
}

const method = fc.constantFrom(...methods);
const sent: fc.Arbitrary<Sent> = fc.oneof(
  fc.tuple(method, anything).map(([name, params]) => {
    return { message: [0, 7, name, params], isRequest: true };
  }),
  fc.tuple(method, anything, anything).map(([name, params, header]) => {
    return { message: [0, 7, name, params, header], isRequest: true };
  }),
  fc.tuple(anything, anything).map(([name, params]) => {
    return { message: [0, 7, name, params], isRequest: true };
  }),
  fc.tuple(anything, anything, anything, anything).map((message) => {
    return { message, isRequest: false };
  }),
  anything.map((message) => ({ message, isRequest: false })),
);

async function answersTo({ message }: Sent): Promise<unknown[]> {
  const { clock, raw } = await rawAgainst(checking);
  const odd = framed(encode(message));
  const good = framed(encode([0, 1, 'ping', {}]));
  raw.sendBytes(Buffer.concat([good, ...Array.from({ length: times }, () => odd)]));
  await clock.settle();
  raw.sendBytes(framed(encode([0, 2, 'ping', {}])));
  await clock.settle();
  return raw.messages();
}

t.test('params of short binary, sent repeatedly, are invalid_argument each time', async (t) => {
  for (const [length, method] of [0, 1, 2, 8, 30].flatMap((n) => [
    [n, 'lookup'],
    [n, 'ping'],
  ])) {
    const message = [0, 7, method, new Uint8Array(Number(length))];
    const answers = await answersTo({ message, isRequest: true });
    t.match(answers, [
      [1, 1, null, 'sound'],
      ...Array.from({ length: times }, () => [1, 7, { code: 'invalid_argument' }]),
      [1, 2, null, 'sound'],
    ]);
    t.equal(answers.length, times + 2);
  }
});

t.test('any value in any place, sent repeatedly, is answered or refused', async () => {
  await fc.assert(
    fc.asyncProperty(sent, async (one) => {
      const answers = (await answersTo(one)) as [number, unknown, { code: string } | null][];
      const to = (id: number) => answers.filter(([, answered]) => answered === id);
      const isLost = to(1).length === 0;
      const isInternal = answers.some(([, , error]) => error?.code === 'internal');
      if (isLost || isInternal) return false;
      if (!one.isRequest) return true;
      return to(7).length === times && to(2).length === 1;
    }),
    { numRuns: 600, seed: 20 },
  );
});
