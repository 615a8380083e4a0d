/** A product's stock and its ledger, for administrators, in one session thread. Neither is cached. */
import { BazarError } from '../base/errors.js';
import { requestLimits } from '../base/limits.js';
import { type LedgerAnswer, type Movement, movementCauses } from '../wire/movement.js';
import type { Params } from '../wire/schemas.js';
import {
  causeNames,
  type Ledger,
  type LedgerMovement,
  type StockLevels,
} from '../wire/stock-schemas.js';
import type { StockAnswer } from '../wire/thread-requests.js';
import { productNotFound } from './answers.js';
import { asUnavailable, type ServiceRequests } from './requests/service-requests.js';
import type { RequestContext } from './types.js';

export class StockOperations {
  readonly #requests: ServiceRequests;

  constructor(requests: ServiceRequests) {
    this.#requests = requests;
  }

  async read({ id }: Params<'read_stock'>, context: RequestContext): Promise<StockLevels> {
    const levels = await this.#levels(id, context);
    if (levels === null) throw productNotFound();
    const [available, reserved, received, sold, returned] = levels;
    const on_hand = available + reserved;
    return { id, available, reserved, on_hand, received, sold, returned };
  }

  /** The ledger of a removed product stays. */
  async ledger(params: Params<'ledger'>, context: RequestContext): Promise<Ledger> {
    const { id, after = 0, limit = requestLimits.pageDefault } = params;
    const answer = await this.#requests
      .read('order', 'ledger', [id, after, limit], context)
      .catch(asUnavailable);
    const [movements, next] = answer as LedgerAnswer;
    const isEmpty = movements.length === 0 && next === null && after === 0;
    if (isEmpty && (await this.#levels(id, context)) === null) throw productNotFound();
    const items = movements.map(toMovement);
    return next === null ? { items } : { items, next };
  }

  async #levels(id: number, context: RequestContext): Promise<StockAnswer> {
    const answer = await this.#requests
      .read('catalog', 'stock', [id], context)
      .catch(asUnavailable);
    return answer as StockAnswer;
  }
}

function toMovement(movement: Movement): LedgerMovement {
  const [number, , cause, source, delta, reservedDelta, available, reserved, at, note] = movement;
  const name = causeNames.find((one) => movementCauses[one] === cause);
  if (name === undefined) {
    throw new BazarError('unavailable', `this frontend does not know cause ${cause} of a movement`);
  }
  const [reason, reference] = note ?? [];
  return {
    number,
    at: new Date(at).toISOString(),
    cause: name,
    delta,
    balance: available,
    reserved_delta: reservedDelta,
    reserved,
    on_hand: available + reserved,
    ...sourceOf(name, source),
    ...(reason === undefined ? {} : { reason }),
    ...(reference ? { reference } : {}),
  };
}

function sourceOf(cause: LedgerMovement['cause'], source: number): Partial<LedgerMovement> {
  switch (cause) {
    case 'sale':
      return { order_number: source };
    case 'hold':
    case 'release':
    case 'expiry':
      return { hold_serial: source };
    case 'cancellation':
      return { cancellation_number: source };
    case 'restock':
      return { restock_number: source };
    default:
      return {};
  }
}
