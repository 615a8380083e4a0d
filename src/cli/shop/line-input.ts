/**
 * The shop over a pipe: each answer is a line, and the end of the input means that the customer
 * leaves.
 */
import { createInterface } from 'node:readline';
import type { Io } from '../output/io.js';
import { menuLine, type ShopInput } from './shop-input.js';

export function lineInput(io: Io): ShopInput {
  const reader = createInterface({ input: io.stdin });
  // Create the iterator at once: it queues lines that arrive while the shop is busy.
  const lines = reader[Symbol.asyncIterator]();
  const next = async (prompt: string): Promise<string | undefined> => {
    io.out(prompt);
    const line = await lines.next();
    // A pipe does not show its input. Echo it, so that the output reads as a conversation.
    io.out(`${line.done ? '' : line.value}\n`);
    return line.done ? undefined : line.value.trim();
  };
  return {
    choose: (choices) => next(`${menuLine(choices)}\n> `),
    ask: (question) => next(`${question}: `),
    show: (text) => io.out(text),
    complain: (text) => io.err(text),
    close: () => reader.close(),
  };
}
