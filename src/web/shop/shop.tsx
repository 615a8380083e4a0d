/**
 * The shop: products by topic, with a search while typing, and the orders of this browser beside them.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { shelves } from '../model/catalogue.js';
import { count, plural } from '../model/format.js';
import type { Product } from '../model/shapes.js';
import { announce } from '../parts/announcer.js';
import { SearchField } from '../parts/search-field.js';
import { useSettled } from '../parts/use-settled.js';
import { useCell } from '../store/cell.js';
import { MyOrders, myOrdersId } from './my-orders.js';
import { keptOrders } from './orders.js';
import { ProductCard } from './product-card.js';
import { useProducts } from './use-products.js';

export function Shop() {
  const [typed, setTyped] = useState('');
  const text = useSettled(typed.trim());
  const [topic, setTopic] = useState<string>();
  const { catalogue, isLoading, failure, more } = useProducts({ text, topic });
  const topics = useTopics(catalogue.products);
  const { products, next } = catalogue;
  const isFiltered = text !== '' || topic !== undefined;

  useEffect(() => {
    if (isFiltered && !isLoading)
      announce(`${plural(products.length, 'product', 'products')} found`);
  }, [isFiltered, isLoading, products.length]);

  return (
    <div class="shop">
      <div class="shop-main">
        <header class="view-head">
          <h1 tabIndex={-1}>Shop</h1>
          <OrdersJump />
        </header>
        <search class="toolbar">
          <SearchField text={typed} onText={setTyped} />
          <Topics topics={topics} chosen={topic} choose={setTopic} />
        </search>
        {failure !== undefined && <p class="notice bad">Not up to date: {failure}.</p>}
        <div class={isLoading ? 'results loading' : 'results'}>
          {!isLoading && products.length === 0 && failure === undefined && (
            <p class="empty">No product matches. Try a part of a name or of a topic.</p>
          )}
          {shelves(products).map((shelf) => (
            <section key={shelf.topic} aria-label={shelf.topic}>
              <h2 class="shelf-name">
                {shelf.topic} <span class="quiet">{count(shelf.products.length)}</span>
              </h2>
              <ul class="cards">
                {shelf.products.map((product) => (
                  <ProductCard key={product.id} product={product} />
                ))}
              </ul>
            </section>
          ))}
        </div>
        {next !== undefined && (
          <button type="button" class="wide" onClick={() => void more()}>
            Show more
          </button>
        )}
      </div>
      <MyOrders />
    </div>
  );
}

interface TopicsProps {
  readonly topics: readonly string[];
  readonly chosen: string | undefined;
  readonly choose: (topic: string | undefined) => void;
}

function Topics({ topics, chosen, choose }: TopicsProps) {
  if (topics.length < 2) return null;
  return (
    <fieldset class="topics">
      <legend class="unseen">Topic</legend>
      {[undefined, ...topics].map((topic) => (
        <button
          key={topic ?? ''}
          type="button"
          class="chip"
          aria-pressed={topic === chosen}
          onClick={() => choose(topic)}
        >
          {topic ?? 'All'}
        </button>
      ))}
    </fieldset>
  );
}

/** If the orders are below the products, a button that scrolls to them. */
function OrdersJump() {
  const orders = useCell(keptOrders);
  const jump = (): void => {
    const heading = document.getElementById(myOrdersId);
    heading?.scrollIntoView({ block: 'start' });
    heading?.focus({ preventScroll: true });
  };
  return (
    <button type="button" class="orders-jump" onClick={jump}>
      My orders <span class="quiet">{count(orders.length)}</span>
    </button>
  );
}

/** Every topic seen so far, so that choosing one does not hide the others. */
function useTopics(products: readonly Product[]): readonly string[] {
  const seen = useRef<readonly string[]>([]);
  const news = products.map((one) => one.topic).filter((topic) => !seen.current.includes(topic));
  if (news.length > 0) seen.current = [...seen.current, ...new Set(news)];
  return seen.current;
}
