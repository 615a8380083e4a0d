/**
 * `bazar completion`: prints the script with which a shell completes commands, flags and service
 * names.
 */
import { basename } from 'node:path';
import { positional } from '../options/options.js';
import { exitCodes, UsageError } from '../output/exit-codes.js';
import { defineCommand } from '../parsing/command.js';

export const completion = defineCommand({
  usage: 'completion [shell]',
  describe: 'Print a script that completes commands in bash, zsh or fish',
  examples: [
    ['$0 completion bash >> ~/.bashrc', ''],
    ['$0 completion zsh >> ~/.zshrc', 'after compinit'],
    ['$0 completion fish > ~/.config/fish/completions/bazar.fish', ''],
  ],
  specs: {
    shell: positional('bash, zsh or fish; by default that of $SHELL, or bash', {
      completes: 'shells',
    }),
  },
  async run({ shell }, io) {
    const { isShell, scripts, shells } = await import('../completion/scripts.js');
    if (shell !== undefined && !isShell(shell)) {
      throw new UsageError(`there is no completion for ${shell}: bazar has ${shells.join(', ')}`);
    }
    const own = basename(io.env.SHELL ?? '');
    io.out(scripts[shell ?? (isShell(own) ? own : 'bash')]);
    return exitCodes.ok;
  },
});
