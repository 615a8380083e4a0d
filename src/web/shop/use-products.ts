/**
 * The products of a search, kept current: by events while the stream runs, by polling while it does not.
 * It does not depend on the page's elements.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import {
  type Catalogue,
  emptyCatalogue,
  extended,
  replaced,
  withProduct,
  withStock,
} from '../model/catalogue.js';
import { type Search, searchProducts } from '../store/api.js';
import { useCell } from '../store/cell.js';
import { connection, listen } from '../store/feed.js';

/** The polling interval while no events arrive. */
const pollMs = 3_000;

export interface Products {
  readonly catalogue: Catalogue;
  /** No answer to this search yet. */
  readonly isLoading: boolean;
  /** Why the last request failed; the products shown are older. */
  readonly failure: string | undefined;
  more(): Promise<void>;
  /** Reads what is shown again. */
  refresh(): Promise<void>;
}

export function useProducts({ text, topic }: Search): Products {
  const [catalogue, setCatalogue] = useState<Catalogue>(emptyCatalogue);
  const [isLoading, setLoading] = useState(true);
  const [failure, setFailure] = useState<string>();
  const isLive = useCell(connection) === 'live';
  const shown = useRef(0);
  shown.current = catalogue.products.length;
  const running = useRef<AbortController>(undefined);

  const read = useCallback(
    async (limit: number): Promise<void> => {
      running.current?.abort();
      const asking = new AbortController();
      running.current = asking;
      try {
        const answer = await searchProducts({ text, topic, limit }, asking.signal);
        if (asking.signal.aborted) return;
        setCatalogue((before) => replaced(before, answer));
        setFailure(undefined);
      } catch (error) {
        if (asking.signal.aborted) return;
        setFailure(error instanceof Error ? error.message : String(error));
      }
      setLoading(false);
    },
    [text, topic],
  );

  useEffect(() => {
    setLoading(true);
    void read(0);
    return () => running.current?.abort();
  }, [read]);

  useEffect(
    () =>
      listen({
        stock: (event) => setCatalogue((before) => withStock(before, event)),
        product(event) {
          setCatalogue((before) => withProduct(before, event));
          if (event.change === 'add') void read(shown.current);
        },
        reset: () => void read(shown.current),
      }),
    [read],
  );

  useEffect(() => {
    if (isLive) return;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void read(shown.current);
    }, pollMs);
    return () => clearInterval(timer);
  }, [isLive, read]);

  const more = async (): Promise<void> => {
    if (catalogue.next === undefined) return;
    try {
      const answer = await searchProducts({ text, topic, after: catalogue.next });
      setCatalogue((before) =>
        before.next === catalogue.next ? extended(before, answer) : before,
      );
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  const refresh = (): Promise<void> => read(shown.current);
  return { catalogue, isLoading, failure, more, refresh };
}
