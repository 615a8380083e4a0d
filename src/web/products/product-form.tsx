/** The fields of a product: of a new one, or of one that is changed. */

import type { ProductFields } from '../model/product-form.js';
import { Field, whole } from '../parts/field.js';

const stockMax = 1_000_000_000;
const windowMax = 366 * 86_400;

interface FormProps {
  readonly isNew: boolean;
  readonly fields: ProductFields;
  readonly set: (fields: ProductFields) => void;
}

export function ProductFormFields({ isNew, fields, set }: FormProps) {
  const put = (name: keyof ProductFields) => ({
    text: fields[name],
    onText: (text: string) => set({ ...fields, [name]: text }),
  });
  return (
    <div class="fields">
      {isNew && <Field label="Name" required maxLength={200} {...put('name')} />}
      <Field label="Topic" required maxLength={200} {...put('topic')} />
      <Field
        label="Price"
        type="number"
        inputMode="decimal"
        min={0}
        max={stockMax}
        step={0.01}
        required
        {...put('price')}
      />
      <Field label="Available" required {...whole(0, stockMax)} {...put('quantity')} />
      <Field
        label="Restock to"
        hint="Empty: no restock"
        {...whole(1, stockMax)}
        {...put('restockTo')}
      />
      <Field
        label="Limit for one customer"
        hint="Empty: any number"
        {...whole(1, 1_000_000)}
        {...put('limit')}
      />
      <Field
        label="Limit counts for (seconds)"
        hint="Empty: as long as there is the limit"
        disabled={fields.limit.trim() === ''}
        {...whole(1, windowMax)}
        {...put('limitWindow')}
      />
    </div>
  );
}
