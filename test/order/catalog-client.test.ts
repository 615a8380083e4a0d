import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { CatalogClient, type CatalogPeer } from '../../src/order/catalog-client.js';
import { notAwaited } from '../../src/order/read-position.js';
import type { Purchase } from '../../src/wire/internal.js';
import type { SellParams } from '../../src/wire/order-requests.js';
import { digest } from '../catalog/log-builder.js';

interface FakePeer extends CatalogPeer {
  connected: boolean;
  readonly asked: string[];
  answer: (method: string) => Promise<unknown>;
}

function peer(name: string): FakePeer {
  return {
    name,
    connected: true,
    asked: [],
    answer: async (method) => (method === 'sell' ? [[], 7] : [7]),
    call(method) {
      this.asked.push(method);
      return this.answer(method);
    },
    notify: () => {},
  };
}

function build() {
  const peers = ['catalog-1', 'catalog-2', 'catalog-3'].map(peer);
  let broken = 0;
  const sold: number[] = [];
  const line = new CatalogClient(peers, {
    sold: ([first]) => sold.push(first),
    broken: () => broken++,
  });
  const [one, two, three] = peers as [FakePeer, FakePeer, FakePeer];
  return { line, one, two, three, sold, broken: () => broken };
}

const refuse = (code: 'unavailable' | 'deadline_exceeded', leader?: string) => async () => {
  throw new BazarError(code, 'no', { details: leader === undefined ? {} : { leader } });
};

t.test('the client follows the replicas’ answers to the catalog leader', async (t) => {
  const { line, one, three } = build();
  one.answer = refuse('unavailable', 'catalog-3');
  await t.rejects(line.sell(1, []));
  await line.sell(1, []);
  t.same(three.asked, ['sell']);
  t.equal(line.logTime, 7);
});

t.test('the client leaves a silent leader and its stream', async (t) => {
  const { line, one, two, broken } = build();
  await line.tail(1, 1, false);
  one.answer = refuse('deadline_exceeded');
  await t.rejects(line.sell(1, []));
  t.equal(broken(), 1, 'the sales must be requested again');
  await line.sell(1, []);
  t.same(two.asked, ['sell']);
});

t.test('an unreachable replica is skipped, even if named as leader', async (t) => {
  const { line, one, two, three } = build();
  one.answer = refuse('unavailable', 'catalog-2');
  two.connected = false;
  await t.rejects(line.sell(1, []));
  await line.sell(1, []);
  t.same(two.asked, []);
  t.same(three.asked, ['sell']);
});

t.test('sales count only from the replica that was asked last', async (t) => {
  const { line, sold } = build();
  await line.tail(1, 1, false);
  line.pushed('catalog-2', [1, 1, Buffer.alloc(1)]);
  line.pushed('catalog-1', [2, 1, Buffer.alloc(1)]);
  t.same(sold, [2]);
});

t.test('the client finds the catalog leader for its question about the last sale', async (t) => {
  const { line, one, two, three } = build();
  one.answer = refuse('unavailable', 'catalog-3');
  three.answer = async () => [41, 9];
  t.same(await line.lastSale([7, 1, notAwaited]), [41, 0, 0]);
  t.same([two.asked, three.asked], [[], ['last_sale']]);
  t.equal(line.logTime, 9);
  for (const each of [one, two, three]) each.answer = refuse('unavailable');
  await t.rejects(
    line.lastSale([7, 1, notAwaited]),
    { code: 'unavailable' },
    'it does not ask for ever',
  );
});

t.test('a catalog of the previous build gets purchases without their older key', async (t) => {
  const { line, one } = build();
  const sent: unknown[] = [];
  one.call = async (_method, params) => {
    sent.push((params as SellParams)[1]);
    return [[], 7];
  };
  const purchase: Purchase = [digest('k'), 1, new Uint8Array(8), [[1, 1]], 7, digest('"k"')];
  await line.sell(1, [purchase]);
  Object.assign(one, { rules: 1 });
  await line.sell(1, [purchase]);
  t.same(sent, [[purchase.slice(0, 5)], [purchase]]);
});

t.test('fields of movements are sent only to a catalog that is asked for them', async (t) => {
  const { line, one } = build();
  const sent: unknown[] = [];
  const { call } = one;
  one.call = (method, params, timeoutMs) => {
    sent.push(params);
    return call.call(one, method, params, timeoutMs);
  };
  one.notify = (_method, params) => sent.push(params);
  one.answer = async (method) => (method === 'tail' ? [7] : [41, 9, 2, 30]);
  await line.tail(1, 3, false, 5);
  await line.tail(1, 3, false, 5, 8);
  line.confirm(1, 3, 4);
  line.confirm(1, 3, 4, 7);
  t.same(await line.lastSale([7, 1, notAwaited]), [41, 2, 30]);
  t.same(await line.lastSale([7, 1, 31]), [41, 2, 30]);
  t.same(sent, [
    [1, 3, false, 5],
    [1, 3, false, 5, 8],
    [1, 3, 4],
    [1, 3, 4, 7],
    [7, 1],
    [7, 1, 31],
  ]);
});

t.test('movements are passed on only from the replica that was asked for them', async (t) => {
  const moved: number[] = [];
  const line = new CatalogClient(['catalog-1', 'catalog-2'].map(peer), {
    ...{ sold: () => {}, broken: () => {} },
    moved: ([first]) => moved.push(first),
  });
  await line.tail(1, 1, false, 1, 1);
  line.pushedMovements('catalog-2', [1, 1, new Uint8Array()]);
  line.pushedMovements('catalog-1', [2, 1, new Uint8Array()]);
  t.same(moved, [2]);
});
