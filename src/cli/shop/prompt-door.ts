/** The shop on a terminal: one key for a choice, Ctrl-C or Escape takes a question back. */
import { isCancel, selectKey, text } from '@clack/prompts';
import type { Io } from '../io.js';
import type { ShopDoor } from './shop-door.js';

export function promptDoor(io: Io): ShopDoor {
  return {
    async choose(choices) {
      const options = choices.map(({ key, label }) => ({ value: key, label: `${label} [${key}]` }));
      const chosen = await selectKey({ message: 'What may it be?', options });
      return isCancel(chosen) ? undefined : chosen;
    },
    async ask(message) {
      const typed = await text({ message });
      return isCancel(typed) ? undefined : (typed ?? '').trim();
    },
    show: (shown) => io.out(shown),
    complain: (complaint) => io.err(complaint),
    close: () => {},
  };
}
