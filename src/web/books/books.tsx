/** The books: recomputed from the logs, for each product, and compared on every replica. */
import { useEffect, useState } from 'preact/hooks';
import { duration, timeOfDay } from '../model/format.js';
import type { Audit } from '../model/shapes.js';
import { announce } from '../parts/announcer.js';
import { TokenForm } from '../parts/token-form.js';
import { adminToken } from '../store/admin.js';
import { ApiError, isDemo, isOpenAdmin, readAudit } from '../store/api.js';
import { ProductTable } from './product-table.js';
import { ReplicaTable } from './replica-table.js';
import { Verdict } from './verdict.js';

interface Taken {
  readonly audit: Audit;
  readonly at: string;
  readonly tookMs: number;
}

export function Books() {
  const [taken, setTaken] = useState<Taken>();
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const [mayRead, setMayRead] = useState(isDemo || isOpenAdmin || adminToken.get() !== '');

  const take = async (token: string): Promise<void> => {
    if (isBusy) return;
    setBusy(true);
    setFailure(undefined);
    const startMs = performance.now();
    try {
      const audit = await readAudit(token);
      if (token !== '') adminToken.set(token);
      setMayRead(true);
      setTaken({ audit, at: new Date().toISOString(), tookMs: performance.now() - startMs });
      announce(audit.ok ? 'The books balance' : 'The books do not balance');
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
        adminToken.set('');
        setMayRead(false);
      }
      setFailure(words);
      announce(words);
    }
    setBusy(false);
  };

  // Runs once, when the view opens.
  useEffect(() => {
    if (mayRead) void take(adminToken.get());
  }, []);

  return (
    <div class="books">
      <header class="view-head">
        <h1 tabIndex={-1}>Books</h1>
        {mayRead && (
          <button
            type="button"
            class="primary"
            aria-disabled={isBusy}
            onClick={() => void take(adminToken.get())}
          >
            {isBusy ? 'Recomputing …' : 'Recompute'}
          </button>
        )}
      </header>
      {failure !== undefined && <p class="notice bad">{failure}</p>}
      {!mayRead && (
        <TokenForm
          why="Recomputing the books reads every log."
          action="Open the books"
          isBusy={isBusy}
          give={(token) => void take(token)}
        />
      )}
      {isBusy && !taken && <p class="quiet">Every service reads its logs …</p>}
      {taken && (
        <>
          <Verdict audit={taken.audit} />
          <p class="quiet">
            Recomputed from the logs on disk at {timeOfDay(taken.at)}, in {duration(taken.tookMs)}.
          </p>
          <div class="books-columns">
            <ProductTable products={taken.audit.products} leftOut={taken.audit.left_out ?? 0} />
            <ReplicaTable replicas={taken.audit.replicas} />
          </div>
        </>
      )}
    </div>
  );
}
