/**
 * One purchase with one key, asked again until it is known what became of it. However often an
 * answer is lost, the store sells once; so whoever has no answer in time may go on with the same
 * key. It knows no network and no clock of its own.
 */
export interface PurchaseReply {
  readonly status: number;
  readonly body: unknown;
}

export interface PurchasePorts {
  /** One attempt; rejects where no answer came. */
  send(key: string): Promise<PurchaseReply>;
  wait(ms: number): Promise<void>;
  nowMs(): number;
  /** Called before each attempt after the first. */
  again(): void;
}

export type Outcome =
  | { readonly kind: 'placed'; readonly number: number; readonly total: number }
  | { readonly kind: 'out_of_stock'; readonly available: number }
  | { readonly kind: 'refused'; readonly message: string }
  /** It may have been placed: the same key asks again without harm. */
  | { readonly kind: 'unknown' };

/** No leader, over the rate, or no answer in time: the store asks to come again. */
const passing: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const waitMinMs = 150;
const waitMaxMs = 1_500;
export const patienceMs = 15_000;

export async function purchase(ports: PurchasePorts, key: string): Promise<Outcome> {
  const giveUpMs = ports.nowMs() + patienceMs;
  let waitMs = waitMinMs;
  for (;;) {
    const reply = await ports.send(key).catch(() => undefined);
    if (reply && !passing.has(reply.status)) return outcomeOf(reply);
    if (ports.nowMs() + waitMs > giveUpMs) return { kind: 'unknown' };
    await ports.wait(waitMs);
    waitMs = Math.min(waitMs * 2, waitMaxMs);
    ports.again();
  }
}

function outcomeOf({ status, body }: PurchaseReply): Outcome {
  const { data, error } = (body ?? {}) as Readonly<
    Record<string, Readonly<Record<string, unknown>>>
  >;
  if ((status === 200 || status === 201) && typeof data?.order_number === 'number') {
    return { kind: 'placed', number: data.order_number, total: Number(data.total) };
  }
  if (error?.type === 'out_of_stock') {
    return { kind: 'out_of_stock', available: Number(error.available ?? 0) };
  }
  // The store itself failed on the way: what became of the purchase is not known.
  if (status >= 500) return { kind: 'unknown' };
  return { kind: 'refused', message: String(error?.message ?? `the store answered ${status}`) };
}
