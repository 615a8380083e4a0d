/**
 * Stocks a new cluster once: the first leader logs the first stock. Reads the products only if
 * there was no first stock yet. Uses no file.
 */
import { BazarError } from '../../base/errors.js';
import { decode } from '../../wire/codec.js';
import type { NewProduct, RulesSettings } from '../../wire/internal.js';
import { withTargets } from './bundled-products.js';
import type { StockParts } from './first-stock-job.js';
import type { CatalogStore } from './store.js';

export interface FirstStock {
  readonly store: CatalogStore;
  readonly read: () => Promise<StockParts>;
  /** Resolves when it is known which version of the rules the products are logged under. */
  readonly settled: (needsRules: boolean) => Promise<void>;
  readonly settings: () => Promise<RulesSettings>;
}

/** Resolves when this replica, as a leader, has ensured the first stock. */
export function stockOnce(stock: FirstStock): Promise<void> {
  const { store } = stock;
  return new Promise((resolve, reject) => {
    store.onServing(() => {
      if (store.machine.isStocked) resolve();
      else stockFirst(stock).then(resolve, reject);
    });
  });
}

async function stockFirst({ store, read, settled, settings }: FirstStock): Promise<void> {
  const { total, together, needsRules, parts } = await read();
  // If newer rules begin later, their migration gives the bundled products their targets.
  await settled(needsRules);
  const targets = await settings();
  const part = (from: number): NewProduct[] => {
    const bytes = parts[Math.floor(from / together)];
    const products = bytes ? (decode(bytes) as NewProduct[]) : [];
    return withTargets(products.slice(from % together), targets);
  };
  await store.stock(total, part).catch((error: unknown) => {
    // The leadership was lost: the next leader stocks.
    if (!(error instanceof BazarError && error.retryable)) throw error;
  });
}
