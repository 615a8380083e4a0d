/** `bazar down`: stops a store, with or without its launcher. */
import { resolve } from 'node:path';
import { BazarError } from '../../base/errors.js';
import { outputSpecs } from '../options/output-options.js';
import { placeSpecs } from '../options/store-options.js';
import { exitCodes } from '../output/exit-codes.js';
import { printJson } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';

/** Each of four stages may take 12 s. */
const downTimeoutMs = 60_000;

export const down = defineCommand({
  usage: 'down',
  describe: 'Stop the store',
  examples: [['$0 down', 'stops frontends first and catalogs last']],
  specs: { ...placeSpecs, ...outputSpecs },
  async run({ dataDir, json }, io) {
    const { askControl } = await import('../launcher/control.js');
    const { findLeftovers, launcherName, stopLeftovers, waitForEnd } = await import(
      '../launcher/leftovers.js'
    );
    const { PidFiles } = await import('../launcher/pid-files.js');
    const { waitingClock } = await import('../../base/clock.js');
    const folder = resolve(dataDir);
    const pids = new PidFiles(folder);
    const launcher = await askControl(folder, { command: 'stop' });
    if (launcher) {
      const pid = Number(launcher.pid);
      if (!(await waitForEnd(pid, downTimeoutMs, waitingClock))) {
        throw new BazarError('deadline_exceeded', `the launcher (pid ${pid}) does not stop`);
      }
    }
    const unheard = launcher ? undefined : pids.running(launcherName);
    if (unheard !== undefined) {
      // It runs, but its socket is missing.
      process.kill(unheard, 'SIGTERM');
      await waitForEnd(unheard, downTimeoutMs, waitingClock);
    }
    // A killed service leaves its pid file.
    const recorded = pids.read(launcherName);
    if (recorded !== undefined) pids.release(launcherName, recorded);
    const leftovers = findLeftovers(pids);
    await stopLeftovers(leftovers, pids, waitingClock);
    const names = leftovers.map(({ name }) => name).reverse();
    const ran = launcher !== undefined || unheard !== undefined || names.length > 0;
    if (json) printJson(io, { stopped: ran });
    else {
      for (const name of names) io.err(`${name} has stopped\n`);
      io.err(ran ? 'the store has stopped\n' : `no store runs on ${dataDir}\n`);
    }
    return exitCodes.ok;
  },
});
