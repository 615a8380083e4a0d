/** The administrator's products: all of them, with a search, a filter, and windows to change them. */
import { useState } from 'preact/hooks';
import { count, money, plural } from '../model/format.js';
import { limitWords } from '../model/limit.js';
import { isLow } from '../model/product-form.js';
import type { Product } from '../model/shapes.js';
import { AdminGate } from '../parts/admin-gate.js';
import { SearchField } from '../parts/search-field.js';
import { useSettled } from '../parts/use-settled.js';
import { useProducts } from '../shop/use-products.js';
import { AddProduct } from './add-product.js';
import { ManageProduct } from './manage-product.js';

export function Products() {
  return (
    <div class="admin">
      <header class="view-head">
        <h1 tabIndex={-1}>Products</h1>
      </header>
      <AdminGate why="Only the administrator changes products." action="Open the products">
        <ProductList />
      </AdminGate>
    </div>
  );
}

function ProductList() {
  const [typed, setTyped] = useState('');
  const text = useSettled(typed.trim());
  const { catalogue, isLoading, failure, more, refresh } = useProducts({ text, topic: undefined });
  const [isLowOnly, setLowOnly] = useState(false);
  const [isAdding, setAdding] = useState(false);
  const [managed, setManaged] = useState<Product>();
  const { products, next } = catalogue;
  const shown = isLowOnly ? products.filter(isLow) : products;
  const lowCount = products.filter(isLow).length;

  return (
    <>
      <search class="toolbar">
        <SearchField text={typed} onText={setTyped} />
        <button
          type="button"
          class="chip"
          aria-pressed={isLowOnly}
          onClick={() => setLowOnly(!isLowOnly)}
        >
          Low stock {count(lowCount)}
        </button>
        <button type="button" class="primary" onClick={() => setAdding(true)}>
          Add a product
        </button>
      </search>
      {failure !== undefined && <p class="notice bad">Not up to date: {failure}.</p>}
      <div class={isLoading ? 'panel results loading' : 'panel results'}>
        <ProductTable products={shown} manage={setManaged} />
        {!isLoading && shown.length === 0 && (
          <p class="empty">{isLowOnly ? 'No product is low in stock.' : 'No product matches.'}</p>
        )}
        {isLowOnly && next !== undefined && (
          <p class="quiet">Of the first {plural(products.length, 'product', 'products')}.</p>
        )}
        {next !== undefined && (
          <button type="button" class="plain wide" onClick={() => void more()}>
            Show more
          </button>
        )}
      </div>
      {isAdding && <AddProduct close={() => setAdding(false)} />}
      {managed && (
        <ManageProduct
          key={managed.id}
          product={products.find(({ id }) => id === managed.id) ?? managed}
          changed={() => void refresh()}
          close={() => setManaged(undefined)}
        />
      )}
    </>
  );
}

interface TableProps {
  readonly products: readonly Product[];
  readonly manage: (product: Product) => void;
}

/** Reserved units have a column where the store names them. */
function ProductTable({ products, manage }: TableProps) {
  const hasReserved = products.some(({ reserved }) => reserved !== undefined);
  return (
    <div class="table-room">
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col">Price</th>
            <th scope="col">Available</th>
            {hasReserved && (
              <th scope="col" class="wide-only">
                Reserved
              </th>
            )}
            {hasReserved && (
              <th scope="col" class="wide-only">
                On hand
              </th>
            )}
            <th scope="col" class="wide-only">
              Restock to
            </th>
            <th scope="col">
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {products.map((product) => (
            <Row key={product.id} product={product} hasReserved={hasReserved} manage={manage} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly product: Product;
  readonly hasReserved: boolean;
  readonly manage: TableProps['manage'];
}

function Row({ product, hasReserved, manage }: RowProps) {
  const { name, topic, quantity, reserved, on_hand: onHand, restock_to: target } = product;
  const limit = product.purchase_limit;
  return (
    <tr>
      <th scope="row">
        {name}
        <p class="quiet row-more">
          {topic}
          {limit && ` · ${limitWords(limit)}`}
        </p>
      </th>
      <td>{money(product.price_exact ?? product.price, product.currency)}</td>
      <td class={isLow(product) ? 'low' : ''}>
        {quantity === 0 ? 'Sold out' : count(quantity)}
        {isLow(product) && quantity > 0 && <span class="unseen"> (low)</span>}
      </td>
      {hasReserved && <td class="wide-only">{reserved === undefined ? '' : count(reserved)}</td>}
      {hasReserved && <td class="wide-only">{onHand === undefined ? '' : count(onHand)}</td>}
      <td class="wide-only">{target === undefined ? '–' : count(target)}</td>
      <td>
        <button type="button" class="small" onClick={() => manage(product)}>
          Edit<span class="unseen"> {name}</span>
        </button>
      </td>
    </tr>
  );
}
