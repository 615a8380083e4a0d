/** Headers on their way from a session thread to its owner: there, or no trace of a wrapper. */
import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/logging.js';
import { callOwner, headedCalls, loggedCalls } from '../../src/group/headed-calls.js';
import type { OwnerCall, OwnerLink } from '../../src/pool/types.js';
import { ManualClock } from '../helpers/manual-clock.js';

const header = { request_id: 'r-1' };

function setUp() {
  const calls: OwnerCall[] = [];
  const replies: unknown[] = [];
  const owner: OwnerLink = {
    async call(operation, args) {
      const reply = (error: Error | undefined, result?: unknown): void => {
        replies.push(error?.message ?? result);
      };
      calls.push({ operation, args, reply });
    },
    tell() {},
  };
  return { calls, replies, owner };
}

t.test('a call with a header arrives unwrapped, with the header beside it', async (t) => {
  const { calls, replies, owner } = setUp();
  await callOwner(owner, 'buy', [1, 2], header);
  await callOwner(owner, 'order', [7], undefined);
  const [bought, ordered] = headedCalls(calls);
  t.match(bought, { operation: 'buy', args: [1, 2], header });
  t.match(ordered, { operation: 'order', args: [7], header: undefined });
  bought?.reply(undefined, 'sold');
  t.same(replies, ['sold']);
});

t.test('calls without headers are unchanged', async (t) => {
  const { calls, owner } = setUp();
  await callOwner(owner, 'lookup', [8], undefined);
  t.equal(headedCalls(calls), calls);
});

t.test('if requests are logged, each leaves a line when it is answered', async (t) => {
  const { calls, replies, owner } = setUp();
  await callOwner(owner, 'buy', [1], header);
  await callOwner(owner, 'order', [7], undefined);
  const clock = new ManualClock();
  const lines: unknown[] = [];
  const debug = (fields: Record<string, unknown>, message: string): void => {
    lines.push({ ...fields, message });
  };
  const [bought, ordered] = loggedCalls(headedCalls(calls), clock, { ...silentLogger, debug });
  t.same(lines, []);
  clock.advance(5);
  bought?.reply(undefined, 'sold');
  ordered?.reply(new BazarError('unavailable', 'no leader'));
  t.same(lines, [
    { request_id: 'r-1', method: 'buy', code: 'ok', ms: 5, message: 'request' },
    { method: 'order', code: 'unavailable', ms: 5, message: 'request' },
  ]);
  t.same(replies, ['sold', 'no leader']);
});
