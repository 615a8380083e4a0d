/** The administrator's orders: newest first, or found by number, product or key. */
import { useEffect, useState } from 'preact/hooks';
import { count, dayAndTime, money } from '../model/format.js';
import {
  leftOf,
  type OrderSearch,
  type SearchKind,
  searchKinds,
  statusWords,
} from '../model/order-search.js';
import type { Order } from '../model/shapes.js';
import { AdminGate } from '../parts/admin-gate.js';
import { hasRoute } from '../store/admin.js';
import { CancelOrder } from './cancel-order.js';
import { useOrders } from './use-orders.js';

const allOrders: OrderSearch = { kind: 'number', text: '' };

export function Orders() {
  return (
    <div class="admin">
      <header class="view-head">
        <h1 tabIndex={-1}>Orders</h1>
      </header>
      <AdminGate why="Only the administrator sees all orders." action="Open the orders">
        <OrderList />
      </AdminGate>
    </div>
  );
}

function OrderList() {
  const [search, setSearch] = useState(allOrders);
  const { orders, next, isLoading, failure, more, renew, refresh } = useOrders(search);
  const [cancelling, setCancelling] = useState<number>();
  const mayCancel = useMayCancel();
  const chosen = orders.find(({ number }) => number === cancelling);

  return (
    <>
      <FindForm find={setSearch} refresh={refresh} />
      {failure !== undefined && <p class="notice bad">{failure}</p>}
      <div class={isLoading ? 'panel results loading' : 'panel results'}>
        <OrderTable orders={orders} cancel={mayCancel ? setCancelling : undefined} />
        {!isLoading && orders.length === 0 && (
          <p class="empty">
            {search.text === '' ? 'There are no orders yet.' : 'No order matches.'}
          </p>
        )}
        {next !== undefined && (
          <button type="button" class="plain wide" aria-disabled={isLoading} onClick={more}>
            Show older orders
          </button>
        )}
      </div>
      {chosen && (
        <CancelOrder
          key={chosen.number}
          order={chosen}
          done={() => void renew(chosen.number)}
          close={() => setCancelling(undefined)}
        />
      )}
    </>
  );
}

const kindWords: Readonly<Record<SearchKind, string>> = {
  number: 'Number',
  product: 'Product (name or id)',
  key: 'Key',
};

interface FindProps {
  readonly find: (search: OrderSearch) => void;
  readonly refresh: () => void;
}

function FindForm({ find, refresh }: FindProps) {
  const [kind, setKind] = useState<SearchKind>('number');
  const [text, setText] = useState('');
  const submit = (event: Event): void => {
    event.preventDefault();
    find({ kind, text: text.trim() });
  };
  return (
    <search>
      <form class="find" onSubmit={submit}>
        <label for="find-kind">Find by</label>
        <select
          id="find-kind"
          value={kind}
          onChange={(event) => {
            const { value } = event.currentTarget;
            setKind(searchKinds.find((one) => one === value) ?? 'number');
          }}
        >
          {searchKinds.map((one) => (
            <option key={one} value={one}>
              {kindWords[one]}
            </option>
          ))}
        </select>
        <label class="unseen" for="find-text">
          {kindWords[kind]}
        </label>
        <input
          id="find-text"
          type="search"
          autocomplete="off"
          spellcheck={false}
          pattern={kind === 'number' ? '\\s*[1-9]\\d{0,14}\\s*' : '.*'}
          title={kind === 'number' ? 'The number of an order' : ''}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="primary">
          Find
        </button>
        <button
          type="button"
          onClick={() => {
            setText('');
            if (text === '') refresh();
            find({ kind, text: '' });
          }}
        >
          Newest
        </button>
      </form>
    </search>
  );
}

interface TableProps {
  readonly orders: readonly Order[];
  /** Undefined: this store cannot cancel orders. */
  readonly cancel: ((number: number) => void) | undefined;
}

function OrderTable({ orders, cancel }: TableProps) {
  return (
    <div class="table-room">
      <table class="figures order-table">
        <thead>
          <tr>
            <th scope="col">Order</th>
            <th scope="col" class="text">
              Lines
            </th>
            <th scope="col">Total</th>
            <th scope="col" class="text wide-only">
              Status
            </th>
            {cancel && (
              <th scope="col">
                <span class="unseen">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {orders.map((order) => (
            <Row key={order.number} order={order} cancel={cancel} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ order, cancel }: { order: Order; cancel: TableProps['cancel'] }) {
  const { number, lines, total, currency, at, status } = order;
  const isOpen = lines.some((line) => leftOf(line) > 0);
  return (
    <tr>
      <th scope="row">
        {number}
        <p class="quiet row-more">
          <time dateTime={at}>{dayAndTime(at)}</time>
        </p>
        <p class={`row-more narrow-only status-${status ?? 'placed'}`}>{statusWords(order)}</p>
      </th>
      <td class="text">
        <ul>
          {lines.map((line) => (
            <li key={line.id}>
              {count(line.quantity)} × {line.name}{' '}
              <span class="quiet">at {money(line.price_exact ?? line.price, currency)}</span>
              {line.cancelled !== undefined && (
                <span class="quiet">, {count(line.cancelled)} cancelled</span>
              )}
            </li>
          ))}
        </ul>
      </td>
      <td>{money(order.total_exact ?? total, currency)}</td>
      <td class={`text wide-only status-${status ?? 'placed'}`}>{statusWords(order)}</td>
      {cancel && (
        <td>
          {isOpen && (
            <button type="button" class="small" onClick={() => cancel(number)}>
              Cancel<span class="unseen"> order {number}</span>
            </button>
          )}
        </td>
      )}
    </tr>
  );
}

/** Whether this store has cancellations. */
function useMayCancel(): boolean {
  const [may, setMay] = useState(false);
  useEffect(() => void hasRoute('cancellations').then(setMay), []);
  return may;
}
