/**
 * The trade of one customer: opens holds, confirms them in whole or in part, releases, extends, reads or
 * abandons them, and buys products with a purchase limit. It repeats each request under its key until it is
 * decided, and at times again later: the outcome must be the first one. The recorder gets all of it.
 */
import { randomUUID } from 'node:crypto';
import type { Ended, LineWanted } from '../src/checker/types.js';
import type { Answer, Held, Hold, Placed, WireError } from '../test/e2e/raw-client.js';
import { expectOnly, insist, pick, tryAgain, type Visitor } from './insist.js';
import { bought, cents, lineRead, refusedFor } from './recorder.js';
import { isTraded, outcomeOf, type Repeatable, type TradeHold } from './trade-ledger.js';

/** Many holds expire while faults are injected. */
const ttlsSeconds = [1, 2, 4, 8, 15];
/** The store counts whole milliseconds of another clock. */
const slackMs = 20;
const quantityMax = 3;
/** Several customers buy under one name, at the same time. */
const shoppers = ['ada', 'bob', 'eve'];
const heldMax = 6;
const openRefusals = ['out_of_stock', 'limit_exceeded'];
const holdRefusals = ['hold_expired', 'hold_confirmed', 'hold_released'];

export class Trader {
  readonly #options: Visitor;
  /** The newest holds of this customer, also those that have ended. */
  readonly #held: TradeHold[] = [];
  /** Own requests that were decided. */
  readonly #decided: Repeatable[] = [];

  constructor(options: Visitor) {
    this.#options = options;
  }

  async trade(): Promise<void> {
    const { random } = this.#options;
    // Most requests are for the newest holds, which are open most often.
    const hold = pick(random() < 0.7 ? this.#held.slice(-2) : this.#held, random);
    const chance = random();
    if (chance < 0.15) await this.#buy();
    else if (chance < 0.25) await this.#again();
    else if (chance < 0.55 || !hold) await this.#open();
    else if (chance < 0.78) await this.#confirm(hold);
    else if (chance < 0.86) await this.#release(hold);
    else if (chance < 0.94) await this.#extend(hold);
    else await this.#read(hold);
  }

  async #open(): Promise<void> {
    const { recorder, name } = this.#options;
    const lines = this.#lines();
    const ttl = pick(ttlsSeconds, this.#options.random) ?? 1;
    const customer = this.#shopper();
    const key = randomUUID();
    const params = { lines, ttl_seconds: ttl, customer, key };
    const invokedMs = recorder.nowMs();
    const answer = await this.#insist<Held>('hold', params, openRefusals);
    const returnedMs = recorder.nowMs();
    const endsMs = invokedMs + 1_000 * ttl - slackMs;
    const asked = {
      kind: 'hold',
      process: name,
      invokedMs,
      returnedMs,
      key,
      lines,
      endsMs,
    } as const;
    const refused = answer?.error && refusedFor(answer.error);
    if (!answer) recorder.add({ ...asked, ending: 'unknown' });
    else if (refused) recorder.add({ ...asked, ending: 'ok', result: refused });
    if (!answer || answer.error) return;
    const { hold_id: held, total, lines: told } = answer.result;
    const result = { held, lines: told.map(lineRead), totalCents: cents(total) };
    recorder.add({ ...asked, ending: 'ok', result });
    const hold = { id: held, lines, customer, endsMs, end: undefined, order: undefined };
    recorder.trades.opened(hold, invokedMs, returnedMs);
    this.#held.push(hold);
    if (this.#held.length > heldMax) this.#held.shift();
  }

  /** All lines, or some units of the first one. */
  async #confirm(hold: TradeHold): Promise<void> {
    const { recorder, name, random } = this.#options;
    const { trades } = recorder;
    const [first] = hold.lines;
    const isWhole = random() < 0.6 || !first;
    const lines = isWhole ? hold.lines : [{ id: first.id, quantity: 1 }];
    const key = randomUUID();
    const params = { id: hold.id, key, ...(isWhole ? {} : { lines }) };
    const invokedMs = recorder.nowMs();
    trades.mayGiveBack(hold.id, (id, quantity) => {
      return Math.min(quantity, lines.find((line) => line.id === id)?.quantity ?? 0);
    });
    const answer = await this.#insist<Placed>('confirm_hold', params, holdRefusals);
    const times = { process: name, invokedMs, returnedMs: recorder.nowMs() };
    const asked = { kind: 'confirm', ...times, key, hold: hold.id, lines } as const;
    if (!answer) {
      recorder.add({ ...asked, ending: 'unknown' });
      return;
    }
    const result = bought(answer);
    if (!result || !('sold' in result)) {
      recorder.add({ ...asked, ending: 'ok', ...this.#ended(hold, answer.error) });
      return;
    }
    trades.confirmedAs(hold.id, result.sold);
    trades.ended(hold.id, 'confirmed', times.returnedMs, result.sold);
    recorder.confirmed(
      { ...asked, ending: 'ok', result },
      {
        purchase: { ...times, kind: 'purchase', key, lines, hold: hold.id, ending: 'ok', result },
        ...{ params, method: 'confirm_hold' },
      },
    );
  }

  async #release(hold: TradeHold): Promise<void> {
    const { recorder, name } = this.#options;
    const key = randomUUID();
    const invokedMs = recorder.nowMs();
    recorder.trades.mayGiveBack(hold.id, () => 0);
    const params = { id: hold.id, key };
    const answer = await this.#insist<Hold>('release_hold', params, holdRefusals);
    const returnedMs = recorder.nowMs();
    const asked = {
      kind: 'release',
      process: name,
      invokedMs,
      returnedMs,
      key,
      hold: hold.id,
    } as const;
    if (!answer) recorder.add({ ...asked, ending: 'unknown' });
    else if (answer.error)
      recorder.add({ ...asked, ending: 'ok', ...this.#ended(hold, answer.error) });
    else {
      recorder.trades.ended(hold.id, 'released', returnedMs);
      recorder.add({ ...asked, ending: 'ok', result: 'done' });
    }
  }

  async #extend(hold: TradeHold): Promise<void> {
    const { recorder, name, random } = this.#options;
    const key = randomUUID();
    const ttl = pick(ttlsSeconds, random) ?? 1;
    const invokedMs = recorder.nowMs();
    const params = { id: hold.id, key, ttl_seconds: ttl };
    const answer = await this.#insist<Held>('extend_hold', params, holdRefusals);
    const returnedMs = recorder.nowMs();
    const endsMs = invokedMs + 1_000 * ttl - slackMs;
    const place = { kind: 'extend', process: name, invokedMs, returnedMs, key } as const;
    const asked = { ...place, hold: hold.id, endsMs };
    if (!answer) recorder.add({ ...asked, ending: 'unknown' });
    else if (answer.error)
      recorder.add({ ...asked, ending: 'ok', ...this.#ended(hold, answer.error) });
    else {
      recorder.trades.extended(hold.id, endsMs);
      recorder.add({ ...asked, ending: 'ok', result: 'done' });
    }
  }

  /** What is read agrees with the answers before. */
  async #read(hold: TradeHold): Promise<void> {
    const { recorder, connection } = this.#options;
    const { end, order } = hold;
    const answer = await connection.ask<Hold>('read_hold', { id: hold.id });
    expectOnly(recorder, answer?.error, 'reading a hold', []);
    if (!answer || answer.error) return;
    const { status, order_number: number, lines } = answer.result;
    const isOther = end !== undefined && (status !== end || number !== order);
    const isChanged =
      JSON.stringify(lines.map(unitsOf)) !== JSON.stringify(hold.lines.map(unitsOf));
    if (isOther || isChanged) {
      recorder.problem(
        `hold ${hold.id} was ${end ?? 'opened'}, and reads ${JSON.stringify(answer.result)}`,
      );
    } else if (status !== 'open') recorder.trades.ended(hold.id, status, recorder.nowMs(), number);
  }

  /** With a limit, and with the total that the customer has seen. */
  async #buy(): Promise<void> {
    const { recorder, name } = this.#options;
    const lines = this.#lines();
    const customer = this.#shopper();
    const key = randomUUID();
    const total = lines.reduce((sum, { id, quantity }) => sum + quantity * this.#priceCents(id), 0);
    const params = { lines, customer, key, expected_total: total / 100 };
    const invokedMs = recorder.nowMs();
    const answer = await this.#insist<Placed>('buy', params, openRefusals);
    const returnedMs = recorder.nowMs();
    const asked = { kind: 'purchase', process: name, invokedMs, returnedMs, key, lines } as const;
    const result = bought(answer);
    if (result && 'sold' in result) {
      recorder.trades.bought(result.sold, { customer, lines }, invokedMs, returnedMs);
    }
    if (result) recorder.decided({ purchase: { ...asked, ending: 'ok', result }, params });
    else if (!answer) recorder.decided({ purchase: { ...asked, ending: 'unknown' }, params });
  }

  /** The first outcome again, whatever has happened since. */
  async #again(): Promise<void> {
    const { recorder, connection, random } = this.#options;
    const one = pick(this.#decided, random);
    if (!one) return;
    const answer = await connection.ask<never>(one.method, one.params);
    if (!answer || tryAgain(answer.error)) return;
    const now = outcomeOf(one.method, answer);
    recorder.trades.count('trades repeated');
    if (now === one.outcome) return;
    recorder.problem(
      `${one.method} ${JSON.stringify(one.params)}: ${one.outcome}, and then ${now}`,
    );
  }

  async #insist<R>(
    method: string,
    params: Readonly<Record<string, unknown>>,
    refusals: readonly string[],
  ): Promise<Answer<R> | undefined> {
    const { recorder } = this.#options;
    const answer = await insist<R>(this.#options, method, params, refusals);
    if (!answer) {
      recorder.trades.unknown.push(method);
      return undefined;
    }
    if (answer.error) recorder.trades.count(`${method}: ${answer.error.code}`);
    const outcome = outcomeOf(method, answer);
    const one = { method, params, outcome, isForAdmin: false };
    this.#decided.push(one);
    if (this.#decided.length > heldMax) this.#decided.shift();
    recorder.trades.repeatable.push(one);
    return answer;
  }

  /** The result of a refusal because the hold has ended. */
  #ended({ id }: TradeHold, error: WireError | null): { readonly result?: Ended | 'not_found' } {
    const { recorder } = this.#options;
    const ended = holdRefusals.indexOf(error?.code ?? '');
    const end = (['expired', 'confirmed', 'released'] as const)[ended];
    if (end === undefined) return { result: 'not_found' };
    recorder.trades.ended(id, end, recorder.nowMs());
    return { result: { ended: end } };
  }

  /** One or two of the products that are traded. */
  #lines(): LineWanted[] {
    const { recorder, random } = this.#options;
    const traded = recorder.first.filter(isTraded);
    const ids = [pick(traded, random), ...(random() < 0.3 ? [pick(traded, random)] : [])];
    return [...new Set(ids.map((one) => one?.id ?? 0))].map((id) => {
      return { id, quantity: 1 + Math.floor(random() * quantityMax) };
    });
  }

  #shopper(): string {
    return pick(shoppers, this.#options.random) ?? '';
  }

  #priceCents(id: number): number {
    return cents(this.#options.recorder.first.find((one) => one.id === id)?.price ?? 0);
  }
}

function unitsOf({ id, quantity }: LineWanted): LineWanted {
  return { id, quantity };
}
