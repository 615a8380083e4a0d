/**
 * One change by the administrator, with a key that it keeps until its outcome is known: the same change
 * that is sent again is made once.
 */
import { useRef, useState } from 'preact/hooks';
import { ApiError, freshKey } from '../store/api.js';

export interface Change {
  readonly state: 'idle' | 'busy' | 'done' | 'failed' | 'unknown';
  /** What happened; empty if nothing did. */
  readonly words: string;
}

/** `send` resolves to the words for the success. */
export type MakeChange = (
  what: unknown,
  send: (key: string) => Promise<string>,
) => Promise<boolean>;

export function useChange(): [Change, MakeChange] {
  const [change, setChange] = useState<Change>({ state: 'idle', words: '' });
  const busy = useRef(false);
  const open = useRef<{ readonly text: string; readonly key: string }>(undefined);

  const make: MakeChange = async (what, send) => {
    if (busy.current) return false;
    busy.current = true;
    setChange({ state: 'busy', words: '' });
    const text = JSON.stringify(what);
    const key = open.current?.text === text ? open.current.key : freshKey();
    let next: Change;
    try {
      next = { state: 'done', words: await send(key) };
    } catch (error) {
      next = failureOf(error);
    }
    open.current = next.state === 'unknown' ? { text, key } : undefined;
    busy.current = false;
    setChange(next);
    return next.state === 'done';
  };
  return [change, make];
}

function failureOf(error: unknown): Change {
  if (!(error instanceof ApiError)) return { state: 'failed', words: String(error) };
  if (error.status !== 0 && error.status < 500) return { state: 'failed', words: error.message };
  const words = `${error.message}. Try again: the same change is made once`;
  return { state: 'unknown', words };
}
