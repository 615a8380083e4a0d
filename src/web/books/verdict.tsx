/** The verdict of an audit: in one word, in numbers, and the problems in the store's own sentences. */
import { count, plural } from '../model/format.js';
import type { Audit } from '../model/shapes.js';
import { CheckIcon, CrossIcon } from '../parts/icons.js';

export function Verdict({ audit }: { audit: Audit }) {
  const { ok, sales, orders, products, left_out: leftOut = 0, problems } = audit;
  return (
    <section class={ok ? 'verdict good' : 'verdict bad'} aria-label="Verdict">
      <div class="verdict-mark">{ok ? <CheckIcon /> : <CrossIcon />}</div>
      <div>
        <p class="verdict-words">{ok ? 'The books balance' : 'The books do not balance'}</p>
        <p>
          {plural(sales, 'sale', 'sales')} in the catalog, {plural(orders, 'order', 'orders')} in
          the order book, {count(products.length + leftOut)} products.
        </p>
        {problems.length > 0 && (
          <ul>
            {problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}
