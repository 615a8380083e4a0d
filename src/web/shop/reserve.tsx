/**
 * The two steps of a purchase: Reserve, and then Pay or Cancel while the time runs. The button that
 * reserves becomes the button that pays, so the focus stays on it.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { timeLeft } from '../model/format.js';
import { shareLeft, warnMs } from '../model/hold.js';
import { onceByClick, onceByKey, QuantityField } from './quantity-field.js';
import type { Holding, HoldSteps } from './use-hold.js';

interface ReserveProps {
  readonly name: string;
  readonly holding: Holding;
  readonly steps: HoldSteps;
}

export function Reserve({ name, holding, steps }: ReserveProps) {
  const { buying, goods, leftMs } = holding;
  const [text, setText] = useState('1');
  const button = useRef<HTMLButtonElement>(null);
  const hadFocus = useRef(false);
  const quantity = Number(text);
  const isBusy = buying.state === 'asking' || buying.state === 'waiting';
  const isHeld = goods !== undefined;
  // A payment without an answer may have succeeded: it can only be tried again.
  const mayCancel = isHeld && buying.state !== 'unknown';

  // The Cancel button goes away with the reservation; its focus moves to the other button.
  useEffect(() => {
    if (!isHeld && hadFocus.current) button.current?.focus();
    hadFocus.current = false;
  }, [isHeld]);

  const submit = (event: Event): void => {
    event.preventDefault();
    if (isHeld) steps.pay();
    else if (Number.isInteger(quantity) && quantity >= 1) steps.reserve(quantity);
  };
  return (
    <form class={isHeld ? 'buy held' : 'buy'} onSubmit={submit} onKeyDown={onceByKey}>
      {goods && <Countdown key={goods.id} leftMs={leftMs} />}
      {!isHeld && <QuantityField name={name} text={text} onText={setText} />}
      {mayCancel && (
        <button
          type="button"
          aria-disabled={isBusy}
          onClick={steps.cancel}
          onFocus={() => {
            hadFocus.current = true;
          }}
          onBlur={(event) => {
            // Without another element the button itself has gone.
            if (event.relatedTarget) hadFocus.current = false;
          }}
        >
          Cancel<span class="unseen"> the reservation of {name}</span>
        </button>
      )}
      <button
        key="next"
        ref={button}
        type="submit"
        class="primary"
        aria-disabled={isBusy}
        onClick={onceByClick}
      >
        {wordsOf(holding, isBusy)}
        <span class="unseen">
          {isHeld ? ' for' : ''} {name}
        </span>
      </button>
    </form>
  );
}

function wordsOf({ buying, goods }: Holding, isBusy: boolean): string {
  if (isBusy) return goods ? 'One moment …' : 'Reserving …';
  if (buying.state === 'unknown') return 'Try again';
  return goods ? 'Pay' : 'Reserve';
}

/** Screen readers hear the beginning, the last seconds and the end, and not every second. */
function Countdown({ leftMs }: { leftMs: number }) {
  return (
    <div class={leftMs <= warnMs ? 'countdown late' : 'countdown'}>
      <p role="timer" aria-live="off">
        <span class="countdown-time">{timeLeft(leftMs)}</span> left to pay
      </p>
      <div class="countdown-bar" aria-hidden="true">
        <div class="countdown-fill" style={{ width: `${shareLeft(leftMs) * 100}%` }} />
      </div>
    </div>
  );
}
