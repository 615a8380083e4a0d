/** Corrects the units on hand, by a difference or to a count, with a reason. */
import { useId, useState } from 'preact/hooks';
import { count } from '../model/format.js';
import type { Product } from '../model/shapes.js';
import { ChangeWords } from '../parts/change-words.js';
import { Field, whole } from '../parts/field.js';
import { useChange } from '../parts/use-change.js';
import { adjustStock } from '../store/admin.js';

const stockMax = 1_000_000_000;
const reasons = [
  { value: 'received', words: 'Received' },
  { value: 'damaged', words: 'Damaged' },
  { value: 'correction', words: 'Correction' },
  { value: 'return', words: 'Return' },
  { value: 'count', words: 'Count' },
] as const;

export function AdjustForm({ product, done }: { product: Product; done: () => void }) {
  const [how, setHow] = useState<'delta' | 'count'>('delta');
  const [amount, setAmount] = useState('');
  const [reason, setReason] = useState<string>(reasons[0].value);
  const [reference, setReference] = useState('');
  const [change, make] = useChange();

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const note = reference.trim();
    const body = { [how]: Number(amount), reason, ...(note !== '' && { reference: note }) };
    const isDone = await make(body, async (key) => {
      const { on_hand, reserved, available } = await adjustStock(product.id, body, key);
      const stock = `${count(on_hand)} on hand, ${count(reserved)} reserved`;
      return `Adjusted: ${stock}, ${count(available)} available`;
    });
    if (!isDone) return;
    setAmount('');
    done();
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <div class="fields">
        <Choice
          label="Adjust"
          value={how}
          options={[
            { value: 'delta', words: 'by a difference' },
            { value: 'count', words: 'to a count' },
          ]}
          choose={(value) => setHow(value === 'count' ? 'count' : 'delta')}
        />
        <Field
          label={how === 'delta' ? 'Units more, or less (−)' : 'Units on hand'}
          hint={how === 'delta' ? undefined : 'With those that are reserved'}
          required
          {...whole(how === 'delta' ? -stockMax : 0, stockMax)}
          text={amount}
          onText={setAmount}
        />
        <Choice label="Reason" value={reason} options={reasons} choose={setReason} />
        <Field label="Reference" maxLength={200} text={reference} onText={setReference} />
      </div>
      <div class="form-end">
        <button type="submit" class="primary" aria-disabled={change.state === 'busy'}>
          Adjust
        </button>
        <ChangeWords change={change} />
      </div>
    </form>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly words: string }[];
  readonly choose: (value: string) => void;
}

function Choice({ label, value, options, choose }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => choose(event.currentTarget.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.words}
          </option>
        ))}
      </select>
    </div>
  );
}
