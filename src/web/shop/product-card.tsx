/**
 * One product: its name and price, the current stock, and the button to buy it. With demonstrations the
 * shop sells in two steps.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { artOf } from '../model/art.js';
import { count, money } from '../model/format.js';
import { limitWords } from '../model/limit.js';
import type { Product } from '../model/shapes.js';
import { isDemo } from '../store/api.js';
import { onceByClick, onceByKey, QuantityField } from './quantity-field.js';
import { Reserve } from './reserve.js';
import { useHold } from './use-hold.js';
import { type Buying, usePurchase } from './use-purchase.js';

const fewLeft = 10;

export function ProductCard({ product }: { product: Product }) {
  return isDemo ? <TwoSteps product={product} /> : <OneStep product={product} />;
}

function OneStep({ product }: { product: Product }) {
  const [buying, buy] = usePurchase(product);
  return (
    <Card product={product} buying={buying}>
      <Buy name={product.name} state={buying.state} buy={buy} />
    </Card>
  );
}

function TwoSteps({ product }: { product: Product }) {
  const [holding, steps] = useHold(product);
  return (
    <Card product={product} buying={holding.buying}>
      <Reserve name={product.name} holding={holding} steps={steps} />
    </Card>
  );
}

interface CardProps {
  readonly product: Product;
  readonly buying: Buying;
  readonly children: ComponentChildren;
}

function Card({ product, buying, children }: CardProps) {
  const { name, quantity: stock, restock_to: target, purchase_limit: limit } = product;
  return (
    <li class="card">
      <Cover product={product} />
      <div class="card-what">
        <h3>{name}</h3>
        <p class="card-price">{money(product.price_exact ?? product.price, product.currency)}</p>
        {limit && <p class="card-limit">{limitWords(limit)}</p>}
      </div>
      <div class="card-news">
        <Stock stock={stock} target={target} />
        <p class={`outcome ${buying.state}`}>{buying.words}</p>
        <StockBar stock={stock} />
      </div>
      {children}
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
  const quantity = Number(text);
  const isBusy = state === 'asking' || state === 'waiting';

  const submit = (event: Event): void => {
    event.preventDefault();
    if (Number.isInteger(quantity) && quantity >= 1) buy(quantity);
  };
  return (
    <form class="buy" onSubmit={submit} onKeyDown={onceByKey}>
      <QuantityField name={name} text={text} onText={setText} />
      <button type="submit" class="primary" aria-disabled={isBusy} onClick={onceByClick}>
        {isBusy ? 'Buying …' : state === 'unknown' ? 'Try again' : 'Buy'}
        <span class="unseen"> {name}</span>
      </button>
    </form>
  );
}
