/** The orders of this browser, each read back from the store. */
import { useEffect, useState } from 'preact/hooks';
import { count, money, timeOfDay } from '../model/format.js';
import { statusWords } from '../model/order-search.js';
import type { Order } from '../model/shapes.js';
import { ApiError, readOrder } from '../store/api.js';
import { useCell } from '../store/cell.js';
import { forgetOrder, keptOrders } from './orders.js';

export const myOrdersId = 'my-orders';
const shownAtFirst = 8;

export function MyOrders() {
  const numbers = useCell(keptOrders);
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? numbers : numbers.slice(0, shownAtFirst);
  return (
    <aside class="orders panel" aria-labelledby={myOrdersId}>
      <header>
        <h2 id={myOrdersId} tabIndex={-1}>
          My orders
        </h2>
        {numbers.length > 0 && <span class="quiet">{count(numbers.length)}</span>}
      </header>
      {numbers.length === 0 && (
        <p class="quiet">No orders yet. Orders that you place in this browser appear here.</p>
      )}
      <ol class="order-list">
        {shown.map((number) => (
          <OrderLine key={number} number={number} />
        ))}
      </ol>
      {shown.length < numbers.length && (
        <button type="button" class="plain wide" onClick={() => setWhole(true)}>
          Show all {count(numbers.length)}
        </button>
      )}
    </aside>
  );
}

type Reading = Order | 'reading' | 'failed';

function OrderLine({ number }: { number: number }) {
  const [order, setOrder] = useState<Reading>('reading');
  const [turn, setTurn] = useState(0);
  // Each turn is another attempt.
  useEffect(() => {
    let isGone = false;
    readOrder(number).then(
      (read) => {
        if (!isGone) setOrder(read);
      },
      (error: unknown) => {
        if (isGone) return;
        // A store that was founded again does not have the order.
        if (error instanceof ApiError && error.status === 404) forgetOrder(number);
        else setOrder('failed');
      },
    );
    return () => {
      isGone = true;
    };
  }, [number, turn]);

  if (order === 'reading') return <li class="order-line quiet">Order {number} …</li>;
  if (order === 'failed') {
    return (
      <li class="order-line">
        <span class="quiet">Order {number} could not be read</span>
        <button type="button" class="plain" onClick={() => setTurn(turn + 1)}>
          Try again
        </button>
      </li>
    );
  }
  const { status = 'placed' } = order;
  return (
    <li class="order-line">
      <div class="order-head">
        <span class="order-number">Order {order.number}</span>
        <span class="order-total">{money(order.total_exact ?? order.total, order.currency)}</span>
      </div>
      {order.lines.map((line) => (
        <div class="order-what" key={line.id}>
          {count(line.quantity)} × {line.name}
          {line.cancelled !== undefined && (
            <span class="quiet">, {count(line.cancelled)} cancelled</span>
          )}
        </div>
      ))}
      {status !== 'placed' && <div class={`status-${status}`}>{statusWords(order)}</div>}
      <time class="quiet" dateTime={order.at}>
        {timeOfDay(order.at)}
      </time>
    </li>
  );
}
