/** One product: what it is, how many are left this moment, and the way to buy it. */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { artOf } from '../model/art.js';
import { count, money } from '../model/format.js';
import type { Product } from '../model/shapes.js';
import { usePurchase } from './use-purchase.js';

/** The store's own limit for one purchase. */
const quantityMax = 1_000_000;
const fewLeft = 10;

export function ProductCard({ product }: { product: Product }) {
  const id = useId();
  const { name, price, quantity: stock } = product;
  return (
    <li class="card">
      <Cover product={product} />
      <div class="card-what">
        <h3 id={id}>{name}</h3>
        <p class="card-price">{money(price)}</p>
      </div>
      <Stock stock={stock} />
      <Buy product={product} labelId={id} />
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

function Stock({ stock }: { stock: number }) {
  const before = useRef(stock);
  const [most, setMost] = useState(Math.max(stock, 1));
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (before.current === stock) return;
    before.current = stock;
    setMost((known) => Math.max(known, stock));
    setTurn((count) => count + 1);
  }, [stock]);
  const tone = stock === 0 ? 'none' : stock <= fewLeft ? 'few' : 'many';
  return (
    <div class={`stock ${tone}`}>
      <p>
        <span class={turn > 0 ? 'stock-count ticked' : 'stock-count'} key={turn}>
          {stock === 0 ? 'Sold out' : count(stock)}
        </span>
        {stock > 0 && ' in stock'}
      </p>
      <div class="stock-bar" aria-hidden="true">
        <div style={{ width: `${Math.min(100, (stock / most) * 100)}%` }} />
      </div>
    </div>
  );
}

function Buy({ product, labelId }: { product: Product; labelId: string }) {
  const [text, setText] = useState('1');
  const [{ state, words }, buy] = usePurchase(product);
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
      // A key that is held down is one wish to buy.
      onKeyDown={(event) => {
        if (event.key === 'Enter' && event.repeat) event.preventDefault();
      }}
    >
      <label class="unseen" for={quantityId}>
        Quantity of {product.name}
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
        aria-describedby={labelId}
        aria-disabled={isBusy}
        // The second half of a double click is no second wish.
        onClick={(event) => {
          if (event.detail > 1) event.preventDefault();
        }}
      >
        {isBusy ? 'Buying …' : state === 'unknown' ? 'Try again' : 'Buy'}
      </button>
      <p class={`outcome ${state}`}>{words}</p>
    </form>
  );
}
