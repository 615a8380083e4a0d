/**
 * Logs the numbers through which sales, cancellations and movements are in the order book (`Cursor{n}`), so
 * that the catalog can drop them. Logs them at most four times a second, because each entry costs a disk
 * write, and never a number that the order group has not committed (docs/PROTOCOL.md, section 5, step 5; A27).
 */
import { type Clock, every, type Timer } from '../../base/clock.js';
import type { Logger } from '../../base/logging.js';
import type { CatalogCommand } from '../../wire/internal.js';
import type { CatalogMachine } from '../machine/catalog-machine.js';

const everyMs = 250;

/** What this file uses of the catalog store. */
export interface WatermarkStore {
  readonly machine: Pick<CatalogMachine, 'watermark' | 'cancellations' | 'movements'>;
  status(): { readonly serving: boolean };
  propose(command: CatalogCommand): Promise<unknown>;
}

/** The highest numbers that are surely in the order book. */
export interface Confirmed {
  readonly sale: number;
  readonly cancellation: number;
  readonly movement: number;
}

export function keepWatermark(
  store: WatermarkStore,
  confirmed: () => Confirmed,
  clock: Clock,
  logger: Logger,
): Timer {
  let underWay = false;
  return every(clock, everyMs, () => {
    const numbers = confirmed();
    const { watermark, cancellations, movements } = store.machine;
    const isNew =
      numbers.sale > watermark ||
      numbers.cancellation > cancellations.watermark ||
      numbers.movement > movements.watermark;
    if (underWay || !isNew || !store.status().serving) return;
    underWay = true;
    store
      .propose(cursorOf(numbers))
      .catch((error: unknown) =>
        logger.debug({ error: String(error) }, 'projected watermark not logged'),
      )
      .finally(() => {
        underWay = false;
      });
  });
}

/** Without the fields that older rules do not have. */
function cursorOf({ sale, cancellation, movement }: Confirmed): CatalogCommand {
  if (movement > 0) return ['cursor', sale, cancellation, movement];
  return cancellation > 0 ? ['cursor', sale, cancellation] : ['cursor', sale];
}
