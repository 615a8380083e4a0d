/** The number of units to buy, and the checks of a button that must not be pressed twice by accident. */
import { useId } from 'preact/hooks';

/** The store's own limit for one purchase. */
const quantityMax = 1_000_000;

interface QuantityProps {
  readonly name: string;
  readonly text: string;
  readonly onText: (text: string) => void;
}

export function QuantityField({ name, text, onText }: QuantityProps) {
  const id = useId();
  return (
    <>
      <label class="unseen" for={id}>
        Quantity of {name}
      </label>
      <input
        id={id}
        type="number"
        inputMode="numeric"
        min={1}
        max={quantityMax}
        step={1}
        required
        value={text}
        onInput={(event) => onText(event.currentTarget.value)}
      />
    </>
  );
}

/** For a form: a key that is held down counts as one press. */
export function onceByKey(event: KeyboardEvent): void {
  if (event.key === 'Enter' && event.repeat) event.preventDefault();
}

/** For a button: the second click of a double click has no effect. */
export function onceByClick(event: MouseEvent): void {
  if (event.detail > 1) event.preventDefault();
}
