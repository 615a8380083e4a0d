/** The changes of a product's stock, oldest first; nothing if the store has no ledger. */
import { count, dayAndTime } from '../model/format.js';
import { causeWords, changeWords } from '../model/ledger.js';
import type { Movement } from '../model/shapes.js';
import { useLedger } from './use-ledger.js';

interface LedgerProps {
  readonly id: number;
  /** The ledger is read on for another version of the product. */
  readonly version: number;
}

export function LedgerPanel({ id, version }: LedgerProps) {
  const { movements, hasMore, failure, more } = useLedger(id, version);
  if (!movements && failure === undefined) return null;
  return (
    <section aria-labelledby="ledger">
      <h3 id="ledger">Ledger</h3>
      {movements?.length === 0 && <p class="quiet">No changes of the stock yet.</p>}
      {movements && movements.length > 0 && <LedgerTable movements={movements} />}
      {failure !== undefined && <p class="notice bad">{failure}</p>}
      {hasMore && (
        <button type="button" class="plain wide" onClick={more}>
          Show more
        </button>
      )}
    </section>
  );
}

function LedgerTable({ movements }: { movements: readonly Movement[] }) {
  return (
    <div class="table-room">
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">Cause</th>
            <th scope="col">Change</th>
            <th scope="col">Available</th>
            <th scope="col" class="wide-only">
              Reserved
            </th>
            <th scope="col">On hand</th>
          </tr>
        </thead>
        <tbody>
          {movements.map((movement) => (
            <Row key={movement.number} movement={movement} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ movement }: { movement: Movement }) {
  const { at, balance, reserved, on_hand: onHand } = movement;
  return (
    <tr>
      <th scope="row">
        {causeWords(movement)}
        <p class="quiet row-more">
          <time dateTime={at}>{dayAndTime(at)}</time>
        </p>
      </th>
      <td>{changeWords(movement)}</td>
      <td>{count(balance)}</td>
      <td class="wide-only">{count(reserved)}</td>
      <td>{count(onHand)}</td>
    </tr>
  );
}
