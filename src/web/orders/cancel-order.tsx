/** The window that cancels an order, or some of its units. */
import { useState } from 'preact/hooks';
import { money } from '../model/format.js';
import { cancellationOf, leftOf } from '../model/order-search.js';
import type { Order } from '../model/shapes.js';
import { ChangeWords } from '../parts/change-words.js';
import { Dialog } from '../parts/dialog.js';
import { Field, whole } from '../parts/field.js';
import { useChange } from '../parts/use-change.js';
import { cancelOrder } from '../store/admin.js';

interface CancelProps {
  readonly order: Order;
  readonly done: () => void;
  readonly close: () => void;
}

export function CancelOrder({ order, done, close }: CancelProps) {
  const [texts, setTexts] = useState<ReadonlyMap<number, string>>(new Map());
  const [restock, setRestock] = useState(true);
  const [reason, setReason] = useState('');
  const [change, make] = useChange();
  const open = order.lines.filter((line) => leftOf(line) > 0);
  const textOf = (id: number, left: number): string => texts.get(id) ?? String(left);
  const isEmpty = open.every((line) => Number(textOf(line.id, leftOf(line))) === 0);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const wanted = new Map([...texts].map(([id, text]) => [id, Number(text)]));
    const body = cancellationOf(order, wanted, { restock, reason });
    const isDone = await make(body, async (key) => {
      const { total, total_exact, currency } = await cancelOrder(order.number, body, key);
      return `Cancelled; refund ${money(total_exact ?? total, currency)}`;
    });
    if (!isDone) return;
    // A second click must not cancel the rest of the order.
    setTexts(new Map(order.lines.map((line) => [line.id, '0'])));
    done();
  };
  return (
    <Dialog title={`Cancel order ${order.number}`} close={close}>
      {open.length === 0 ? (
        <p>All of this order is cancelled.</p>
      ) : (
        <form onSubmit={(event) => void submit(event)}>
          <div class="fields">
            {open.map((line) => (
              <Field
                key={line.id}
                label={`Units of ${line.name}`}
                hint={`At most ${leftOf(line)}`}
                required
                {...whole(0, leftOf(line))}
                text={textOf(line.id, leftOf(line))}
                onText={(text) => setTexts(new Map([...texts, [line.id, text]]))}
              />
            ))}
            <Field label="Reason" maxLength={200} text={reason} onText={setReason} />
          </div>
          <label class="check">
            <input
              type="checkbox"
              checked={restock}
              onChange={(event) => setRestock(event.currentTarget.checked)}
            />
            Put the units back into stock
          </label>
          <div class="form-end">
            <button
              type="submit"
              class="danger"
              disabled={isEmpty}
              aria-disabled={change.state === 'busy'}
            >
              Cancel these units
            </button>
            <ChangeWords change={change} />
          </div>
        </form>
      )}
      {open.length === 0 && <ChangeWords change={change} />}
    </Dialog>
  );
}
