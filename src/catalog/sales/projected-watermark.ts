/**
 * Logs the numbers through which sales and cancellations are in the order book (`Cursor{n}`), so that the
 * catalog can drop them. Logs it at most four times a second, because each entry costs a disk write, and
 * never a number that the order group has not committed (docs/PROTOCOL.md, section 5, step 5; A27).
 */
import { type Clock, every, type Timer } from '../../base/clock.js';
import type { Logger } from '../../base/logging.js';
import type { CatalogCommand } from '../../wire/internal.js';
import type { CatalogMachine } from '../machine/catalog-machine.js';

const everyMs = 250;

/** What this file uses of the catalog store. */
export interface WatermarkStore {
  readonly machine: Pick<CatalogMachine, 'watermark' | 'cancellations'>;
  status(): { readonly serving: boolean };
  propose(command: CatalogCommand): Promise<unknown>;
}

/** `confirmed` returns the highest sale that is surely an order; the last one the same of cancellations. */
export function keepWatermark(
  store: WatermarkStore,
  confirmed: () => number,
  clock: Clock,
  logger: Logger,
  cancelled: () => number = () => 0,
): Timer {
  let underWay = false;
  return every(clock, everyMs, () => {
    const [number, cancellation] = [confirmed(), cancelled()];
    const { watermark, cancellations } = store.machine;
    const isNew = number > watermark || cancellation > cancellations.watermark;
    if (underWay || !isNew || !store.status().serving) return;
    underWay = true;
    store
      .propose(cancellation > 0 ? ['cursor', number, cancellation] : ['cursor', number])
      .catch((error: unknown) =>
        logger.debug({ error: String(error) }, 'projected watermark not logged'),
      )
      .finally(() => {
        underWay = false;
      });
  });
}
