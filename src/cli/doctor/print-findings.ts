/** Prints what a check found. The exit code says whether there is a problem. */
import { exitCodes } from '../output/exit-codes.js';
import type { Io } from '../output/io.js';
import { printJson, printTable } from '../output/output.js';
import type { Tone } from '../output/paint.js';
import type { Finding } from './finding.js';

const tones: Readonly<Record<Finding['verdict'], Tone>> = {
  ok: 'good',
  doubt: 'doubtful',
  problem: 'bad',
};

export async function printFindings(
  findings: readonly Finding[],
  json: boolean,
  io: Io,
): Promise<number> {
  const healthy = findings.every(({ verdict }) => verdict !== 'problem');
  if (json) printJson(io, { ok: healthy, findings });
  else {
    const rows = findings.map(({ check, verdict, detail }) => {
      return [check, { text: verdict, tone: tones[verdict] }, detail];
    });
    await printTable(io, ['CHECK', '', 'FOUND'], rows);
  }
  return healthy ? exitCodes.ok : exitCodes.error;
}
