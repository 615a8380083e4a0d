/** The window of one product: its fields, adjustments of its stock, and its ledger. */
import { useState } from 'preact/hooks';
import { count } from '../model/format.js';
import { changesOf, fieldsOf } from '../model/product-form.js';
import type { Product } from '../model/shapes.js';
import { ChangeWords } from '../parts/change-words.js';
import { Dialog } from '../parts/dialog.js';
import { useChange } from '../parts/use-change.js';
import { updateProduct } from '../store/admin.js';
import { AdjustForm } from './adjust-form.js';
import { LedgerPanel } from './ledger-panel.js';
import { ProductFormFields } from './product-form.js';
import { useLevels } from './use-levels.js';

interface ManageProps {
  /** As it is now: sales change it while the window is open. */
  readonly product: Product;
  readonly changed: () => void;
  readonly close: () => void;
}

export function ManageProduct({ product, changed, close }: ManageProps) {
  const { id, name, version } = product;
  return (
    <Dialog title={name} close={close}>
      <StockWords product={product} />
      <section aria-labelledby="edit">
        <h3 id="edit">Edit</h3>
        <EditForm product={product} changed={changed} />
      </section>
      <section aria-labelledby="adjust">
        <h3 id="adjust">Adjust the stock</h3>
        <AdjustForm product={product} done={changed} />
      </section>
      <LedgerPanel id={id} version={version} />
    </Dialog>
  );
}

function StockWords({ product: { id, version, quantity } }: { product: Product }) {
  const levels = useLevels(id, version);
  return (
    <p class="quiet">
      Id {id}, version {count(version)}: {count(levels?.available ?? quantity)} available
      {levels && (
        <>
          , {count(levels.reserved)} reserved, {count(levels.on_hand)} on hand. Received{' '}
          {count(levels.received)}, sold {count(levels.sold)}, returned {count(levels.returned)}
        </>
      )}
      .
    </p>
  );
}

function EditForm({ product, changed }: { product: Product; changed: () => void }) {
  // What the form was filled with: a sale in between must not count as a change by hand.
  const [base, setBase] = useState(product);
  const [fields, setFields] = useState(() => fieldsOf(product));
  const [change, make] = useChange();

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const body = changesOf(fields, base);
    // To set a quantity over one that has changed would undo the sales in between.
    const condition = 'quantity' in body ? base.version : undefined;
    await make([body, condition], async (key) => {
      if (Object.keys(body).length === 0) return 'Nothing differs';
      const next = await updateProduct({ id: product.id, fields: body, version: condition }, key);
      setBase(next);
      setFields(fieldsOf(next));
      changed();
      return `Saved as version ${count(next.version)}`;
    });
  };
  const refill = (): void => {
    setBase(product);
    setFields(fieldsOf(product));
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <ProductFormFields isNew={false} fields={fields} set={setFields} />
      <div class="form-end">
        <button type="submit" class="primary" aria-disabled={change.state === 'busy'}>
          Save
        </button>
        {product.version > base.version && (
          <button type="button" onClick={refill}>
            Show the present values
          </button>
        )}
        <ChangeWords change={change} />
      </div>
    </form>
  );
}
