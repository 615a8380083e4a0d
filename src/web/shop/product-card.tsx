/** One product: its name and price, the current stock, and the button to buy it. */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { artOf } from '../model/art.js';
import { count, money } from '../model/format.js';
import type { Product } from '../model/shapes.js';
import { type Buying, usePurchase } from './use-purchase.js';

/** The store's own limit for one purchase. */
const quantityMax = 1_000_000;
const fewLeft = 10;

export function ProductCard({ product }: { product: Product }) {
  const { name, price, quantity: stock, restock_to: target } = product;
  const [buying, buy] = usePurchase(product);
  return (
    <li class="card">
      <Cover product={product} />
      <div class="card-what">
        <h3>{name}</h3>
        <p class="card-price">{money(price)}</p>
      </div>
      <div class="card-news">
        <Stock stock={stock} target={target} />
        <p class={`outcome ${buying.state}`}>{buying.words}</p>
        <StockBar stock={stock} />
      </div>
      <Buy name={name} state={buying.state} buy={buy} />
    </li>
  );
}

function Cover({ product: { id, topic } }: { product: Product }) {
  const { hue, paths } = artOf(id, topic);
  return (
    <svg
      class="cover"
      viewBox="0 0 3 3"
      aria-hidden="true"
      focusable="false"
      style={{ '--hue': `${hue}` }}
    >
      {paths.map(({ shape, tone }) => (
        <path key={shape} class={`tone-${tone}`} d={shape} />
      ))}
    </svg>
  );
}

/** Highlights the count when it has changed. */
function Stock({ stock, target }: { stock: number; target: number | undefined }) {
  const before = useRef(stock);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (before.current === stock) return;
    before.current = stock;
    setTurn((count) => count + 1);
  }, [stock]);
  return (
    <p
      class={`stock ${toneOf(stock)}`}
      title={target === undefined ? 'Not restocked' : `Restocked to ${count(target)} regularly`}
    >
      <span class={turn > 0 ? 'stock-count ticked' : 'stock-count'} key={turn}>
        {stock === 0 ? 'Sold out' : count(stock)}
      </span>
      {stock > 0 && ' in stock'}
    </p>
  );
}

/** The stock relative to the greatest stock seen here. */
function StockBar({ stock }: { stock: number }) {
  const most = useRef(1);
  most.current = Math.max(most.current, stock);
  return (
    <div class={`stock-bar ${toneOf(stock)}`} aria-hidden="true">
      <div style={{ width: `${(stock / most.current) * 100}%` }} />
    </div>
  );
}

function toneOf(stock: number): 'none' | 'few' | 'many' {
  if (stock === 0) return 'none';
  return stock <= fewLeft ? 'few' : 'many';
}

interface BuyProps {
  readonly name: string;
  readonly state: Buying['state'];
  readonly buy: (quantity: number) => void;
}

function Buy({ name, state, buy }: BuyProps) {
  const [text, setText] = useState('1');
  const quantityId = useId();
  const quantity = Number(text);
  const isBusy = state === 'asking' || state === 'waiting';

  const submit = (event: Event): void => {
    event.preventDefault();
    if (Number.isInteger(quantity) && quantity >= 1) buy(quantity);
  };
  return (
    <form
      class="buy"
      onSubmit={submit}
      // A key that is held down counts as one purchase.
      onKeyDown={(event) => {
        if (event.key === 'Enter' && event.repeat) event.preventDefault();
      }}
    >
      <label class="unseen" for={quantityId}>
        Quantity of {name}
      </label>
      <input
        id={quantityId}
        type="number"
        inputMode="numeric"
        min={1}
        max={quantityMax}
        step={1}
        required
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button
        type="submit"
        class="primary"
        aria-disabled={isBusy}
        // The second click of a double click does not buy again.
        onClick={(event) => {
          if (event.detail > 1) event.preventDefault();
        }}
      >
        {isBusy ? 'Buying …' : state === 'unknown' ? 'Try again' : 'Buy'}
        <span class="unseen"> {name}</span>
      </button>
    </form>
  );
}
