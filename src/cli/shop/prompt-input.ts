/** The shop on a terminal: the menu is answered as from a pipe, Ctrl-C or Escape takes a question back. */
import { isCancel, text } from '@clack/prompts';
import type { Io } from '../output/io.js';
import { menuLine, type ShopDoor } from './shop-input.js';

export function promptDoor(io: Io): ShopDoor {
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
