/**
 * The shop on a terminal, with the same menu as over a pipe. Ctrl-C or Escape cancels a question.
 */
import { isCancel, text } from '@clack/prompts';
import type { Io } from '../output/io.js';
import { menuLine, type ShopInput } from './shop-input.js';

export function promptInput(io: Io): ShopInput {
  const ask = async (message: string): Promise<string | undefined> => {
    const typed = await text({ message });
    return isCancel(typed) ? undefined : (typed ?? '').trim();
  };
  return {
    choose: (choices) => ask(menuLine(choices)),
    ask,
    show: (shown) => io.out(shown),
    complain: (complaint) => io.err(complaint),
    close: () => {},
  };
}
