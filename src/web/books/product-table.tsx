/**
 * The books of each product: received − sold + returned = stock + reserved, and sold = ordered. Columns
 * without numbers are left out. Products that do not balance come first.
 */
import { useMemo, useState } from 'preact/hooks';
import { isBalanced, sortedForReading, totals } from '../model/books.js';
import { count } from '../model/format.js';
import type { AuditProduct } from '../model/shapes.js';
import { CheckIcon, CrossIcon } from '../parts/icons.js';

const shownAtFirst = 200;

interface Books {
  readonly products: readonly AuditProduct[];
  /** Also checked, but too many for one answer: products that do not balance are listed first. */
  readonly leftOut: number;
}

export function ProductTable({ products, leftOut }: Books) {
  const [isWhole, setWhole] = useState(false);
  const sorted = useMemo(() => sortedForReading(products), [products]);
  const shown = isWhole ? sorted : sorted.slice(0, shownAtFirst);
  const all = useMemo(() => totals(products), [products]);
  const hasReturned = all.returned > 0;
  const hasReserved = all.reserved > 0;
  return (
    <section class="panel" aria-labelledby="books-products">
      <h2 id="books-products">Products</h2>
      <p class="quiet">
        Received − sold{hasReturned && ' + returned'} = stock{hasReserved && ' + reserved'}, and
        sold = ordered.
      </p>
      <div class="table-room">
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">Product</th>
              <th scope="col">Received</th>
              <th scope="col">Sold</th>
              {hasReturned && <th scope="col">Returned</th>}
              <th scope="col">Stock</th>
              {hasReserved && <th scope="col">Reserved</th>}
              <th scope="col">Ordered</th>
              <th scope="col">
                <span class="unseen">Balances</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((product) => (
              <Row
                key={product.id}
                product={product}
                hasReturned={hasReturned}
                hasReserved={hasReserved}
              />
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">
                {leftOut === 0 ? 'All' : 'These'} {count(products.length)}
              </th>
              <td>{count(all.received)}</td>
              <td>{count(all.sold)}</td>
              {hasReturned && <td>{count(all.returned)}</td>}
              <td>{count(all.stock)}</td>
              {hasReserved && <td>{count(all.reserved)}</td>}
              <td>{count(all.ordered)}</td>
              <td />
            </tr>
          </tfoot>
        </table>
      </div>
      {shown.length < sorted.length && (
        <button type="button" class="plain wide" onClick={() => setWhole(true)}>
          Show all {count(sorted.length)}
        </button>
      )}
      {leftOut > 0 && (
        <p class="quiet">
          {count(leftOut)} more products were checked; what does not balance is listed first.
        </p>
      )}
    </section>
  );
}

interface RowProps {
  readonly product: AuditProduct;
  readonly hasReturned: boolean;
  readonly hasReserved: boolean;
}

function Row({ product, hasReturned, hasReserved }: RowProps) {
  const { name, received, sold, stock, ordered, returned = 0, reserved = 0 } = product;
  const isGood = isBalanced(product);
  return (
    <tr class={isGood ? '' : 'bad'}>
      <th scope="row">{name}</th>
      <td>{count(received)}</td>
      <td>{count(sold)}</td>
      {hasReturned && <td>{count(returned)}</td>}
      <td>{count(stock)}</td>
      {hasReserved && <td>{count(reserved)}</td>}
      <td>{count(ordered)}</td>
      <td class={isGood ? 'mark good' : 'mark bad'}>
        {isGood ? <CheckIcon /> : <CrossIcon />}
        <span class="unseen">{isGood ? 'balances' : 'does not balance'}</span>
      </td>
    </tr>
  );
}
