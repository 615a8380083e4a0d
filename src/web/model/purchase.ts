/**
 * One purchase with one key, repeated until its outcome is known. However often an answer is lost, the
 * store sells once; so a caller without an answer in time may continue with the same key. The operations
 * of a hold work in the same way. It uses no network and no clock of its own.
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

export type Failure =
  | { readonly kind: 'out_of_stock'; readonly available: number }
  /** `type` is the code of the store's error. */
  | { readonly kind: 'refused'; readonly type: string; readonly message: string }
  /** It may have happened; a repeat with the same key is safe. */
  | { readonly kind: 'unknown' };

export type Outcome =
  | {
      readonly kind: 'placed';
      readonly number: number;
      readonly total: number | string;
      readonly currency?: string;
    }
  | Failure;

type Fields = Readonly<Record<string, unknown>>;

/** No leader, over the rate, or no answer in time: the store asks the client to retry. */
const passing: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const waitMinMs = 150;
const waitMaxMs = 1_500;
export const patienceMs = 15_000;

export async function purchase(ports: PurchasePorts, key: string): Promise<Outcome> {
  return placedBy(await untilAnswered(ports, key));
}

/** Undefined: no final answer in time. */
export async function untilAnswered(
  ports: PurchasePorts,
  key: string,
): Promise<PurchaseReply | undefined> {
  const giveUpMs = ports.nowMs() + patienceMs;
  let waitMs = waitMinMs;
  for (;;) {
    const reply = await ports.send(key).catch(() => undefined);
    if (reply && !passing.has(reply.status)) return reply;
    if (ports.nowMs() + waitMs > giveUpMs) return undefined;
    await ports.wait(waitMs);
    waitMs = Math.min(waitMs * 2, waitMaxMs);
    ports.again();
  }
}

function placedBy(reply: PurchaseReply | undefined): Outcome {
  const data = dataOf(reply);
  if (typeof data?.order_number !== 'number') return failureOf(reply);
  return { kind: 'placed', number: data.order_number, ...totalOf(data) };
}

/** The data of a success. */
export function dataOf(reply: PurchaseReply | undefined): Fields | undefined {
  if (reply?.status !== 200 && reply?.status !== 201) return undefined;
  return (reply.body as { data?: Fields } | null)?.data;
}

export function totalOf({ total, total_exact: exact, currency }: Fields): {
  readonly total: number | string;
  readonly currency?: string;
} {
  const amount = typeof exact === 'string' ? exact : Number(total);
  return typeof currency === 'string' ? { total: amount, currency } : { total: amount };
}

export function failureOf(reply: PurchaseReply | undefined): Failure {
  if (!reply) return { kind: 'unknown' };
  const { status, body } = reply;
  const { error } = (body ?? {}) as { readonly error?: Fields };
  if (error?.type === 'out_of_stock') {
    return { kind: 'out_of_stock', available: Number(error.available ?? 0) };
  }
  // The store failed while processing, so the outcome is unknown.
  if (status >= 500) return { kind: 'unknown' };
  const type = String(error?.type ?? '');
  return {
    kind: 'refused',
    type,
    message: String(messageOf(error) ?? `the store answered ${status}`),
  };
}

function messageOf(error: Fields | undefined): unknown {
  if (error?.type !== 'limit_exceeded') return error?.message;
  const { remaining } = error;
  return remaining === 0
    ? 'You have bought as many as one customer may'
    : `Only ${remaining} more for one customer`;
}
