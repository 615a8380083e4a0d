/** The limits of the machine, the kernel and Node, without a store. */
import type { Report, Scenario } from '../bench.js';
import { type Measured, measureInTurn } from '../measure.js';
import { Picks } from '../picks.js';
import { echoes, lookups, ownProducts, readShapes } from '../workloads.js';

export const echo: Scenario = {
  name: 'echo',
  about: 'raw byte echo, and framing + MessagePack on one thread: the limits',
  async run(bench): Promise<Report> {
    const echoTarget = await bench.helper('echo-server');
    const reference = await bench.helper('stand-in');
    const subjects = [
      { what: 'byte echo', target: echoTarget, workload: echoes() },
      {
        what: 'framing + MessagePack, one thread',
        target: reference,
        workload: lookups(Picks.uniform(ownProducts)),
      },
    ];
    const measured: Measured[] = [];
    for (const shape of readShapes.slice(0, bench.settings.quick ? 1 : undefined)) {
      measured.push(await measureInTurn(bench, shape, subjects, 'echo'));
    }
    return together(measured);
  },
};

/** One report of several measurements. */
export function together(measured: readonly Measured[]): Report {
  return {
    rows: measured.flatMap(({ rows }) => rows),
    facts: [],
    problems: measured.flatMap(({ problems }) => problems),
  };
}
