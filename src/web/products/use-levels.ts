/** The numbers of a product's stock, read again for each version of the product. */
import { useEffect, useState } from 'preact/hooks';
import type { StockLevels } from '../model/shapes.js';
import { hasRoute, readLevels } from '../store/admin.js';

/** Undefined: not read yet, or a store that does not have them. */
export function useLevels(id: number, version: number): StockLevels | undefined {
  const [levels, setLevels] = useState<StockLevels>();
  useEffect(() => {
    let isOver = false;
    const read = async (): Promise<void> => {
      if (!(await hasRoute('stock'))) return;
      const now = await readLevels(id).catch(() => undefined);
      if (!isOver) setLevels(now);
    };
    void read();
    return () => {
      isOver = true;
    };
  }, [id, version]);
  return levels;
}
