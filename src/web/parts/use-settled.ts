/** Waits for a pause in typing, so that not every key asks the store. */
import { useEffect, useState } from 'preact/hooks';

const typingMs = 160;

/** The text after a pause in typing. */
export function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), typingMs);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
