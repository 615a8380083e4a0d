/**
 * Observation of the raw listener: every request is counted once, at any time of its answer.
 */
import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { RateLimit, rateLimitMemory } from '../../src/gateway/rate-limit.js';
import { RawObserver, type RawObserverOptions } from '../../src/gateway/raw-observer.js';
import { RequestMeter } from '../../src/gateway/request-meter.js';
import type { Outcome, RpcReply } from '../../src/net/open-requests.js';
import type { RpcHandler, RpcSession } from '../../src/net/rpc-session.js';
import { ManualClock } from '../helpers/manual-clock.js';

interface Line {
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

/** As much of a reply as the observer looks at. */
class FakeReply {
  outcome: Outcome | undefined;
  #watcher: ((outcome: Outcome) => void) | undefined;

  onGiven(watcher: (outcome: Outcome) => void): void {
    this.#watcher = watcher;
  }

  give(outcome: Outcome): void {
    this.outcome = outcome;
    this.#watcher?.(outcome);
  }
}

function setUp(inner: RpcHandler['request'], own: Partial<RawObserverOptions> = {}) {
  const clock = new ManualClock();
  const meter = new RequestMeter();
  const lines: Line[] = [];
  const unexpected = (): never => t.fail('only debug is written') as never;
  const observer = new RawObserver(
    { request: inner },
    {
      ...{ clock, meter, rateLimit: undefined, logsRequests: false },
      logger: {
        debug: (fields, message) => void lines.push({ fields, message }),
        ...{ info: unexpected, warn: unexpected, error: unexpected },
      },
      ...own,
    },
  );
  const ask = (name: string, remote = '10.0.0.1:7', header?: { request_id: string }): FakeReply => {
    const reply = new FakeReply();
    const session = { remote } as RpcSession;
    observer.request(session, name, {}, reply as unknown as RpcReply, header);
    return reply;
  };
  const counted = () =>
    meter
      .samples('f')
      .filter(([name]) => name === 'bazar_requests_total')
      .map(([, [, ...labels], value]) => `${labels.join(' ')} ${value}`);
  return { clock, meter, lines, ask, counted };
}

t.test('each request is counted once, answered at once, later, or not at all', async (t) => {
  const { clock, meter, ask, counted } = setUp((_session, name, _params, reply) => {
    if (name === 'ping') (reply as unknown as FakeReply).give('ok');
    if (name === 'order') throw new BazarError('invalid_argument', 'no');
  });
  ask('ping');
  t.throws(() => ask('order'), { code: 'invalid_argument' });
  const late = ask('buy');
  t.same(counted(), ['raw order invalid_argument 1', 'raw ping ok 1']);
  clock.advance(30);
  late.give('out_of_stock');
  ask('no such method').give('unknown_method');
  t.same(counted(), [
    'raw buy out_of_stock 1',
    'raw order invalid_argument 1',
    'raw ping ok 1',
    'raw other unknown_method 1',
  ]);
  const times = meter.samples('f').find(([name, labels]) => {
    return name === 'bazar_request_duration_seconds' && labels[2] === 'buy';
  });
  t.equal((times?.[2] as number[] | undefined)?.at(-1), 0.03);
});

t.test(
  'a client above the rate limit is refused in every session, before the operation',
  async (t) => {
    let passed = 0;
    const { clock, ask, counted } = setUp(
      (_session, _name, _params, reply) => {
        passed++;
        (reply as unknown as FakeReply).give('ok');
      },
      { rateLimit: new RateLimit(rateLimitMemory(1), 2) },
    );
    clock.advance(10_400);
    ask('ping', '10.0.0.1:7');
    ask('ping', '10.0.0.1:8');
    t.throws(() => ask('ping', '10.0.0.1:9'), {
      code: 'overloaded',
      details: { retry_after_ms: 600 },
    });
    ask('ping', '10.0.0.2:7');
    t.equal(passed, 3);
    t.same(counted(), ['raw ping ok 3', 'raw ping overloaded 1']);
    clock.advance(600);
    ask('ping', '10.0.0.1:7');
  },
);

t.test('if configured, each request leaves one log line with its ids', async (t) => {
  const { clock, lines, ask } = setUp(
    (_session, name) => {
      if (name === 'order') throw new BazarError('not_found', 'no');
    },
    { logsRequests: true },
  );
  const late = ask('buy', '10.0.0.1:7', { request_id: 'r-1' });
  clock.advance(12);
  late.give('ok');
  t.throws(() => ask('order'));
  const common = { listener: 'raw' };
  t.same(lines, [
    {
      message: 'request',
      fields: { ...common, request_id: 'r-1', method: 'buy', code: 'ok', ms: 12 },
    },
    { message: 'request', fields: { ...common, method: 'order', code: 'not_found', ms: 0 } },
  ]);
});
