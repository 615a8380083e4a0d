/** The window that adds a product. */
import { useState } from 'preact/hooks';
import { additionOf, emptyFields } from '../model/product-form.js';
import { ChangeWords } from '../parts/change-words.js';
import { Dialog } from '../parts/dialog.js';
import { useChange } from '../parts/use-change.js';
import { addProduct } from '../store/admin.js';
import { ProductFormFields } from './product-form.js';

export function AddProduct({ close }: { close: () => void }) {
  const [fields, setFields] = useState(emptyFields);
  const [change, make] = useChange();

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const body = additionOf(fields);
    const isDone = await make(body, async (key) => {
      const { id, name } = await addProduct(body, key);
      return `${name} is added, with id ${id}`;
    });
    if (isDone) setFields(emptyFields);
  };
  return (
    <Dialog title="Add a product" close={close}>
      <form onSubmit={(event) => void submit(event)}>
        <ProductFormFields isNew fields={fields} set={setFields} />
        <div class="form-end">
          <button type="submit" class="primary" aria-disabled={change.state === 'busy'}>
            Add
          </button>
          <ChangeWords change={change} />
        </div>
      </form>
    </Dialog>
  );
}
