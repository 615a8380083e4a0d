/**
 * The changes of a product's stock, as the store lists them; nothing if the store has no such list. It
 * shows the fields that the entries have.
 */
import { useEffect, useState } from 'preact/hooks';
import { dayAndTime } from '../model/format.js';
import { hasRoute, type LedgerPage, readLedger } from '../store/admin.js';

type Entry = LedgerPage['data'][number];

interface LedgerProps {
  readonly id: number;
  /** The ledger is read again for another version of the product. */
  readonly version: number;
}

export function LedgerPanel({ id, version }: LedgerProps) {
  const [entries, setEntries] = useState<readonly Entry[]>();
  const [next, setNext] = useState<LedgerPage['next']>();

  const read = async (after?: LedgerPage['next']): Promise<void> => {
    if (!(await hasRoute('ledger'))) return;
    const page = await readLedger(id, after).catch(() => undefined);
    if (!page) return;
    const before = after === undefined ? [] : (entries ?? []);
    setEntries([...before, ...page.data]);
    setNext(page.next);
  };
  useEffect(() => void read(), [id, version]);

  if (!entries) return null;
  const columns = [...new Set(entries.flatMap((entry) => Object.keys(entry)))];
  return (
    <section aria-labelledby="ledger">
      <h3 id="ledger">Ledger</h3>
      {entries.length === 0 && <p class="quiet">No changes of the stock yet.</p>}
      <div class="table-room">
        <table class="figures">
          <thead>
            <tr>
              {columns.map((name) => (
                <th scope="col" key={name}>
                  {name.replaceAll('_', ' ')}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {entries.map((entry, place) => (
              <tr key={place}>
                {columns.map((name) => (
                  <td key={name}>{textOf(entry[name])}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {next !== undefined && (
        <button type="button" class="plain wide" onClick={() => void read(next)}>
          Show more
        </button>
      )}
    </section>
  );
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'object') return JSON.stringify(value);
  const text = String(value);
  return /^\d{4}-\d\d-\d\dT/.test(text) ? dayAndTime(text) : text;
}
