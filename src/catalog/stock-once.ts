/**
 * The first stock of a new cluster: the first leader logs it. Reads the products only where there was
 * no first stock yet, and knows no file.
 */
import { BazarError } from '../base/errors.js';
import { decode } from '../wire/codec.js';
import type { NewProduct } from '../wire/internal.js';
import type { StockParts } from './first-stock-job.js';
import type { CatalogStore } from './store.js';

/** Resolves when this replica, as a leader, has seen to the first stock. */
export function stockOnce(store: CatalogStore, read: () => Promise<StockParts>): Promise<void> {
  return new Promise((resolve, reject) => {
    store.onServing(() => {
      if (store.machine.isStocked) resolve();
      else stockFirst(store, read).then(resolve, reject);
    });
  });
}

async function stockFirst(store: CatalogStore, read: () => Promise<StockParts>): Promise<void> {
  const { total, together, parts } = await read();
  const part = (from: number): NewProduct[] => {
    const bytes = parts[Math.floor(from / together)];
    const products = bytes ? (decode(bytes) as NewProduct[]) : [];
    return products.slice(from % together);
  };
  await store.stock(total, part).catch((error: unknown) => {
    // The lead was lost meanwhile: the next leader stocks.
    if (!(error instanceof BazarError && error.retryable)) throw error;
  });
}
