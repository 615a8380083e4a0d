/**
 * A product's ledger, oldest first: reads a page, more of them if asked, and what is new when the
 * product has another version.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { withPage } from '../model/ledger.js';
import type { Movement } from '../model/shapes.js';
import { hasRoute, readLedger } from '../store/admin.js';

export interface ShownLedger {
  /** Undefined: not read yet, or the store has no ledger. */
  readonly movements: readonly Movement[] | undefined;
  readonly hasMore: boolean;
  readonly failure: string | undefined;
  readonly more: () => void;
}

export function useLedger(id: number, version: number): ShownLedger {
  const [movements, setMovements] = useState<readonly Movement[]>();
  const [hasMore, setMore] = useState(false);
  const [failure, setFailure] = useState<string>();
  /** The number after which to continue. */
  const next = useRef(0);

  const read = async (): Promise<void> => {
    if (!(await hasRoute('ledger'))) return;
    // A page may be empty although there are more.
    for (;;) {
      const after = next.current;
      const page = await readLedger(id, after);
      setMovements((known) => withPage(known ?? [], page.data));
      setMore(page.next !== undefined);
      setFailure(undefined);
      const last = page.next ?? page.data.at(-1)?.number ?? after;
      next.current = Math.max(next.current, last);
      if (page.data.length > 0 || page.next === undefined) return;
    }
  };
  const more = (): void => {
    read().catch((error: unknown) => {
      setFailure(error instanceof Error ? error.message : String(error));
    });
  };
  // With more pages to show, what is new stands on one of these.
  useEffect(() => {
    if (!hasMore) more();
  }, [id, version]);

  return { movements, hasMore, failure, more };
}
