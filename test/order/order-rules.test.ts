import t from 'tap';
import { silentLogger } from '../../src/base/logging.js';
import { startOrderRules } from '../../src/order/order-rules.js';
import { decode } from '../../src/wire/codec.js';
import { rulesVersion } from '../../src/wire/internal.js';
import { ManualClock } from '../helpers/manual-clock.js';

const soonMs = 1_000;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function build() {
  const clock = new ManualClock();
  const state = { serving: true, current: 0, supported: rulesVersion };
  const proposals: { readonly command: unknown; resolve(): void; reject(error: Error): void }[] =
    [];
  const timer = startOrderRules({
    ...{ clock, logger: silentLogger },
    serving: () => state.serving,
    current: () => state.current,
    supported: () => state.supported,
    propose: (bytes) =>
      new Promise<void>((resolve, reject) => {
        proposals.push({ command: decode(bytes), resolve, reject });
      }),
  });
  return { clock, state, proposals, timer };
}

t.test('the leader logs the rules when all replicas support them', async (t) => {
  const { clock, state, proposals } = build();
  state.supported = 2;
  clock.advance(soonMs);
  state.supported = rulesVersion;
  state.serving = false;
  clock.advance(soonMs);
  t.same(proposals, [], 'not before, and not as a follower');
  state.serving = true;
  clock.advance(soonMs);
  t.same(
    proposals.map(({ command }) => command),
    [['rules', rulesVersion]],
    'one proposal at a time',
  );
});

t.test('it logs the rules that the oldest build supports, and later ones then', async (t) => {
  const { clock, state, proposals } = build();
  state.supported = 3;
  clock.advance(soonMs);
  state.current = 3;
  proposals[0]?.resolve();
  await settled();
  clock.advance(soonMs);
  state.supported = 4;
  clock.advance(soonMs);
  t.same(
    proposals.map(({ command }) => command),
    [
      ['rules', 3],
      ['rules', 4],
    ],
  );
});

t.test('it tries again after a failure, and ends when the rules apply', async (t) => {
  const { clock, state, proposals } = build();
  clock.advance(soonMs);
  proposals[0]?.reject(new Error('the lead is lost'));
  await settled();
  clock.advance(soonMs);
  t.equal(proposals.length, 2);
  state.current = rulesVersion;
  proposals[1]?.resolve();
  await settled();
  clock.advance(soonMs);
  state.current = 0;
  clock.advance(soonMs);
  t.equal(proposals.length, 2, 'the timer has stopped');
});
