/** `bazar kill NAME`: SIGKILL for one service, to watch the others take over. */
import { resolve } from 'node:path';
import { BazarError } from '../../base/errors.js';
import { defineCommand } from '../command.js';
import { exitCodes } from '../exit-codes.js';
import { positional } from '../options.js';
import { placeSpecs } from '../store-options.js';

export const kill = defineCommand({
  usage: 'kill <name>',
  describe: 'Kill one service (SIGKILL), to watch the failover',
  examples: [['$0 kill order-3', 'the next order leader takes over']],
  specs: { name: positional('As order-3'), ...placeSpecs },
  async run({ name = '', dataDir }, io) {
    const { askControl } = await import('../launcher/control.js');
    const folder = resolve(dataDir);
    const answer = await askControl(folder, { command: 'kill', name });
    const pid = answer ? Number(answer.pid) : await killByFile(name, folder);
    io.err(`${name} is dead (pid ${pid})\n`);
    return exitCodes.ok;
  },
});

/** Where no launcher runs: a service started by hand, or one that outlived its launcher. */
async function killByFile(name: string, folder: string): Promise<number> {
  const { PidFiles } = await import('../launcher/pid-files.js');
  const { waitForEnd } = await import('../launcher/leftovers.js');
  const { waitingClock } = await import('../../base/clock.js');
  const pids = new PidFiles(folder);
  const pid = pids.running(name);
  if (pid === undefined) throw new BazarError('not_found', `no ${name} runs on ${folder}`);
  process.kill(pid, 'SIGKILL');
  await waitForEnd(pid, 5_000, waitingClock);
  pids.release(name, pid);
  return pid;
}
