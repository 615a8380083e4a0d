/**
 * Records the holds of a load run's customers for the checker, beside their purchases
 * (history-recorder.ts). Invariant: an operation that may have had an effect and is not decided is repeated
 * under its key at the end.
 */
import { type BazarError, toBazarError } from '../../base/errors.js';
import type { Confirmation, Ended, Hold, Operation, Release } from '../../checker/types.js';
import type { CallOptions } from '../../client/bazar-client.js';
import type { Held, HoldReleased, Params, Placed } from '../../wire/schemas.js';
import type { Holder } from './load-hold.js';
import { cents } from './order-ledger.js';

/** The store counts whole milliseconds of another clock. */
const slackMs = 20;

/** What the recorder of the history provides. */
export interface HoldNotes {
  begin(): Pick<Operation, 'process' | 'invokedMs'>;
  nowMs(): number;
  add(operation: Operation): void;
  /** The id of a line's product. */
  idOf(line: Params<'hold'>['lines'][number]): number;
  gave(order: number): void;
  /** Whether it was refused before it had an effect. */
  isRefused(error: BazarError): boolean;
  shortage(error: BazarError, lines: Hold['lines']): Exclude<Hold['result'], { held: string }>;
  /** To be repeated under its key, or decided. */
  isOpen(key: string, again: ((holder: Holder) => Promise<unknown>) | undefined): void;
}

export function recordHolds(client: Holder, notes: HoldNotes): Holder {
  return {
    hold: (params, options) => hold(client, notes, params, options),
    confirmHold: (params, options) => confirm(client, notes, params, options),
    releaseHold: (params, options) => release(client, notes, params, options),
  };
}

async function hold(
  client: Holder,
  notes: HoldNotes,
  params: Params<'hold'>,
  options: CallOptions | undefined,
): Promise<Held> {
  const { key = '', ttl_seconds: ttl } = params;
  const lines = linesOf(notes, params.lines);
  const begun = notes.begin();
  const endsMs = begun.invokedMs + 1_000 * ttl - slackMs;
  const asked = { kind: 'hold', ...begun, key, lines, endsMs } as const;
  const again = (holder: Holder) => holder.hold(params);
  return settle(notes, key, again, client.hold(params, options), {
    ok: ({ hold_id: held, total, lines: told }) => {
      const priced = told.map(({ id, quantity, price }) => ({
        id,
        quantity,
        priceCents: cents(price),
      }));
      return {
        ...asked,
        ...ended(notes, 'ok'),
        result: { held, lines: priced, totalCents: cents(total) },
      };
    },
    refused: (error) => {
      const result = notes.shortage(error, lines);
      return result && { ...asked, ...ended(notes, 'ok'), result };
    },
    other: (ending) => ({ ...asked, ...ended(notes, ending) }),
  });
}

async function confirm(
  client: Holder,
  notes: HoldNotes,
  params: Params<'confirm_hold'>,
  options: CallOptions | undefined,
): Promise<Placed> {
  const { key = '', id } = params;
  const part = params.lines ? { lines: linesOf(notes, params.lines) } : {};
  const asked = { kind: 'confirm', ...notes.begin(), key, hold: id, ...part } as const;
  const again = (holder: Holder) => holder.confirmHold(params);
  return settle(notes, key, again, client.confirmHold(params, options), {
    ok: ({ order_number: sold, total }): Confirmation => {
      notes.gave(sold);
      return { ...asked, ...ended(notes, 'ok'), result: { sold, totalCents: cents(total) } };
    },
    refused: (error) => {
      const result = endOf(error);
      return result && { ...asked, ...ended(notes, 'ok'), result };
    },
    other: (ending) => ({ ...asked, ...ended(notes, ending) }),
  });
}

async function release(
  client: Holder,
  notes: HoldNotes,
  params: Params<'release_hold'>,
  options: CallOptions | undefined,
): Promise<HoldReleased> {
  const { key = '', id } = params;
  const asked = { kind: 'release', ...notes.begin(), key, hold: id } as const;
  const again = (holder: Holder) => holder.releaseHold(params);
  return settle(notes, key, again, client.releaseHold(params, options), {
    ok: (): Release => ({ ...asked, ...ended(notes, 'ok'), result: 'done' }),
    refused: (error) => {
      const result = endOf(error);
      return result && { ...asked, ...ended(notes, 'ok'), result };
    },
    other: (ending) => ({ ...asked, ...ended(notes, ending) }),
  });
}

interface Records<T> {
  ok(answer: T): Operation;
  /** Undefined: the error is no answer. */
  refused(error: BazarError): Operation | undefined;
  other(ending: 'failed' | 'unknown'): Operation;
}

async function settle<T>(
  notes: HoldNotes,
  key: string,
  again: (holder: Holder) => Promise<unknown>,
  answer: Promise<T>,
  records: Records<T>,
): Promise<T> {
  try {
    const told = await answer;
    notes.isOpen(key, undefined);
    notes.add(records.ok(told));
    return told;
  } catch (thrown) {
    const error = toBazarError(thrown);
    const refused = records.refused(error);
    const isDecided = refused !== undefined || notes.isRefused(error);
    notes.isOpen(key, isDecided ? undefined : again);
    notes.add(refused ?? records.other(isDecided ? 'failed' : 'unknown'));
    throw thrown;
  }
}

function endOf({ code }: BazarError): Ended | 'not_found' | undefined {
  switch (code) {
    case 'hold_confirmed':
      return { ended: 'confirmed' };
    case 'hold_released':
      return { ended: 'released' };
    case 'hold_expired':
      return { ended: 'expired' };
    case 'not_found':
      return 'not_found';
    default:
      return undefined;
  }
}

function ended<E extends Operation['ending']>(notes: HoldNotes, ending: E) {
  return { returnedMs: notes.nowMs(), ending };
}

function linesOf(notes: HoldNotes, lines: Params<'hold'>['lines']): Hold['lines'] {
  return lines.map((line) => ({ id: notes.idOf(line), quantity: line.quantity }));
}
