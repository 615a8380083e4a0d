/** The load client's `--check`, against a store that tells the truth and ones that do not. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { formatAddress } from '../../../src/base/address.js';
import { BazarError } from '../../../src/base/errors.js';
import { runCli } from '../../../src/cli/cli.js';
import { allCommands } from '../../../src/cli/commands.js';
import { tcpTransport } from '../../../src/net/tcp-transport.js';
import { type Answer, FakeFrontend, silence } from '../../client/fake-frontend.js';
import { fakeIo } from '../fake-io.js';

interface Order {
  readonly number: number;
  readonly quantity: number;
}

/** One product, sold truly, and who bought it. */
class TrueStore {
  quantity = 50;
  version = 1;
  readonly orders: Order[] = [];
  readonly #byKey = new Map<string, Order>();

  answers(): Record<string, Answer> {
    return {
      ping: () => ({}),
      search: () => ({ items: [this.product()] }),
      lookup: () => this.product(),
      buy: ({ key, quantity }) => this.buy(Number(quantity), String(key)),
      order: ({ number }) => this.order(Number(number)),
    };
  }

  product() {
    const { quantity, version } = this;
    return { id: 8, name: 'Tux', topic: 'toys', price: 19.9, quantity, version };
  }

  buy(quantity: number, key: string): { order_number: number; total: number } {
    const known = this.#byKey.get(key);
    if (known) return placed(known);
    if (quantity > this.quantity) {
      const details = { id: 8, available: this.quantity };
      throw new BazarError('out_of_stock', 'not enough in stock', { details });
    }
    this.quantity -= quantity;
    this.version += 1;
    const order = { number: this.orders.length + 1, quantity };
    this.orders.push(order);
    this.#byKey.set(key, order);
    return placed(order);
  }

  order(number: number) {
    const order = this.orders[number - 1];
    if (!order) throw new BazarError('not_found', 'order not found');
    const { quantity } = order;
    const lines = [{ id: 8, name: 'Tux', quantity, price: 19.9 }];
    return { number, name: 'Tux', quantity, lines, total: placed(order).total, at: 'today' };
  }
}

/** The same with holds that never expire. */
class HoldStore extends TrueStore {
  readonly #held = new Map<string, number>();

  override answers(): Record<string, Answer> {
    return {
      ...super.answers(),
      hold: ({ lines }) => this.hold((lines as Order[])[0]?.quantity ?? 0),
      confirm_hold: ({ id, lines, key }) => {
        const held = this.#held.get(String(id)) ?? 0;
        this.giveBack(held);
        // A confirmation of all that is held does not change the product.
        const quantity = (lines as Order[] | undefined)?.[0]?.quantity ?? held;
        const answer = this.buy(quantity, String(key));
        this.version -= quantity === held ? 2 : 1;
        return answer;
      },
      release_hold: ({ id }) => {
        this.giveBack(this.#held.get(String(id)) ?? 0);
        return { hold_id: id, status: 'released' };
      },
    };
  }

  hold(quantity: number) {
    if (quantity > this.quantity) {
      const details = { id: 8, available: this.quantity };
      throw new BazarError('out_of_stock', 'not enough in stock', { details });
    }
    this.giveBack(-quantity);
    const id = `${this.#held.size}`.padStart(32, '0');
    this.#held.set(id, quantity);
    const line = { id: 8, name: 'Tux', quantity, price: 19.9 };
    return { hold_id: id, expires_at: 'later', lines: [line], total: (quantity * 1990) / 100 };
  }

  giveBack(quantity: number): void {
    this.quantity += quantity;
    this.version += 1;
  }
}

function placed({ number, quantity }: Order): { order_number: number; total: number } {
  return { order_number: number, total: (quantity * 1990) / 100 };
}

async function stage(t: Test, ...frontends: Readonly<Record<string, Answer>>[]) {
  const addresses: string[] = [];
  for (const answers of frontends) {
    const frontend = new FakeFrontend(answers);
    const address = await frontend.listen(tcpTransport, { host: '127.0.0.1', port: 0 });
    t.teardown(() => address.close());
    addresses.push('--address', formatAddress(frontend.address));
  }
  return async (...args: string[]) => {
    const io = fakeIo();
    const rest = ['--requests', '120', '--buy-probability', '0.3', ...args];
    const code = await runCli(['load', ...addresses, ...rest], allCommands(), io);
    return { code, stdout: io.stdout(), stderr: io.stderr() };
  };
}

t.test('the answers of a correct store through two frontends are consistent', async (t) => {
  const store = new TrueStore();
  const run = await stage(t, store.answers(), store.answers());
  const { code, stdout } = await run('--check', '--json');
  t.equal(code, 0);
  const { check, sold } = JSON.parse(stdout);
  t.match(check, { products: 1, orders: sold, problems: [] });
  t.ok(check.operations >= 120 + sold, 'requests, and the orders read back');
  t.match(await run('--check'), { code: 0, stdout: /history: \d+ operations .* can all be true/ });
});

t.test('with --holds customers hold and confirm, and the check understands it', async (t) => {
  const store = new HoldStore();
  const run = await stage(t, store.answers(), store.answers());
  const { code, stdout } = await run('--check', '--holds', '60', '--json', '--seed', '3');
  t.equal(code, 0, stdout);
  const { check, sold, holds } = JSON.parse(stdout);
  t.match(check, { products: 1, orders: sold, problems: [] });
  t.ok(holds.opened > holds.confirmed && holds.confirmed > 0 && holds.released > 0);
  const without = await run('--check', '--json');
  t.notOk('holds' in JSON.parse(without.stdout));
});

t.test('the check finds units that are given back twice', async (t) => {
  const store = new HoldStore();
  const answers = store.answers();
  const run = await stage(t, {
    ...answers,
    release_hold: (params, all) => {
      store.giveBack(1);
      return answers.release_hold?.(params, all);
    },
  });
  const { code, stdout } = await run('--check', '--holds', '90', '--seed', '3');
  t.equal(code, 1);
  t.match(stdout, /I9: product 8: no order explains it/);
});

t.test('the check finds a frontend with a stale cache', async (t) => {
  const store = new TrueStore();
  const before = store.product();
  const kept = { ...store.answers(), lookup: () => before };
  const run = await stage(t, store.answers(), kept);
  const { code, stdout } = await run('--check');
  t.equal(code, 1);
  t.match(stdout, /violations?\n {2}I9: product 8 had version \d+ already/);
});

t.test('purchases of other clients are read from the order book', async (t) => {
  const store = new TrueStore();
  let asked = 0;
  const answers = store.answers();
  const run = await stage(t, {
    ...answers,
    buy: (params, all) => {
      const answer = answers.buy?.(params, all);
      if (++asked % 3 === 1) store.buy(1, `another's ${asked}`);
      return answer;
    },
  });
  const { code, stdout } = await run('--check', '--json');
  t.equal(code, 0, stdout);
  const { check, sold } = JSON.parse(stdout);
  t.ok(check.orders > sold, 'there were others');
});

t.test('a purchase with a lost answer is repeated until its outcome is known', async (t) => {
  const store = new TrueStore();
  let asked = 0;
  const run = await stage(t, {
    ...store.answers(),
    buy: ({ quantity, key }) => {
      const answer = store.buy(Number(quantity), String(key));
      return ++asked <= 2 ? silence : answer;
    },
  });
  const { code, stdout } = await run('--check', '--json', '--timeout', '1', '--clients', '1');
  t.equal(code, 0, stdout);
  const { check, sold, errors } = JSON.parse(stdout);
  t.ok(errors.deadline_exceeded >= 2, 'customers gave up');
  t.ok(check.orders >= sold + 2, 'and what they gave up is known');
});

t.test('a history file can be checked again', async (t) => {
  const store = new TrueStore();
  const run = await stage(t, store.answers());
  const file = join(t.testdir(), 'history.jsonl');
  t.equal((await run('--history', file)).code, 0);
  t.match(await run('--check-file', file), { code: 0, stdout: /can all be true/ });
  const lines = readFileSync(file, 'utf8').replace(/("quantity":)50\b/, '$151');
  writeFileSync(file, lines);
  t.match(await run('--check-file', file), { code: 1, stdout: /I9: product 8/ });
  writeFileSync(file, 'something else\n');
  t.match(await run('--check-file', file), { code: 2, stderr: /line 1 is no head/ });
  t.match(await run('--check-file', `${file}.missing`), { code: 2 });
});
