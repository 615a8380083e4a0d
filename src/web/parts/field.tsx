/** A labelled field of a form, with a hint below it. */
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly type?: 'text' | 'number';
  readonly inputMode?: 'numeric' | 'decimal';
  readonly required?: boolean;
  readonly disabled?: boolean;
  readonly maxLength?: number;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
}

export function Field({ label, hint, text, onText, type = 'text', ...input }: FieldProps) {
  const id = useId();
  const attributes = {
    ...input,
    id,
    'aria-describedby': hint === undefined ? undefined : `${id}-hint`,
    value: text,
    onInput: (event: { currentTarget: HTMLInputElement }) => onText(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {type === 'number' ? (
        <input {...attributes} type="number" />
      ) : (
        <input {...attributes} type="text" />
      )}
      {hint !== undefined && (
        <p class="quiet hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** Attributes of a field that holds a whole number. */
export function whole(min: number, max: number) {
  return { type: 'number', inputMode: 'numeric', min, max, step: 1 } as const;
}
