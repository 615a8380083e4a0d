/**
 * One purchase with one key, repeated until its outcome is known. However often an answer is lost, the
 * store sells once; so a caller without an answer in time may continue with the same key. It uses no
 * network and no clock of its own.
 */
export interface PurchaseReply {
  readonly status: number;
  readonly body: unknown;
}

export interface PurchasePorts {
  /** One attempt; rejects if no answer arrived. */
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
  /** It may have been placed; a repeat with the same key is safe. */
  | { readonly kind: 'unknown' };

/** No leader, over the rate, or no answer in time: the store asks the client to retry. */
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
  // The store failed while processing, so the outcome of the purchase is unknown.
  if (status >= 500) return { kind: 'unknown' };
  return { kind: 'refused', message: String(error?.message ?? `the store answered ${status}`) };
}
