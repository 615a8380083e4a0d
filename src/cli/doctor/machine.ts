/** Examines the machine and its Node: version, cores and memory, open files, the two clocks. */
import { availableParallelism, freemem, totalmem } from 'node:os';
import { type Clock, sleep } from '../../base/clock.js';
import { openFilesMax, sessionPlaces } from '../../base/open-files.js';
import { doubt, type Finding, ok, problem } from './finding.js';

const nodeMin = [20, 19] as const;
const mib = 1024 * 1024;
/** Approximate memory of a service with a pool of ten threads. */
const serviceBytes = 160 * mib;
/** Memory of a purchase key, and of its copy while a job makes a snapshot. */
const keyBytes = 2 * 46;
const openFilesMin = 4_096;
const clockMs = 250;
const driftMax = 0.05;
/** Year of this program; a clock before it was never set. */
const yearMin = 2024;

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const isOld = major < nodeMin[0] || (major === nodeMin[0] && minor < nodeMin[1]);
  if (isOld) return problem('node', `${version} is too old: 20.19 or newer is needed`);
  return ok('node', version);
}

export function checkMemory(services: number, free: number = freemem()): Finding {
  const cores = availableParallelism();
  const told = `${cores} ${cores === 1 ? 'core' : 'cores'}, ${Math.round(free / mib)} MiB free`;
  if (free > services * serviceBytes) return ok('memory', told);
  const wanted = Math.round((services * serviceBytes) / mib);
  return doubt('memory', `${told}; ${services} services may take ${wanted} MiB`);
}

/** Whether the catalogs of this machine can hold all the purchase keys that they may accept. */
export function checkKeys(keys: number, catalogs: number, total: number = totalmem()): Finding {
  const wanted = Math.round((keys * catalogs * keyBytes) / mib);
  const told = `${keys} keys may take ${wanted} MiB in ${catalogs} catalogs and their snapshots`;
  if (wanted * mib <= total / 2) return ok('purchase keys', told);
  const memory = `the machine has ${Math.round(total / mib)} MiB`;
  return doubt('purchase keys', `${told}; ${memory}: lower --client-keys-max`);
}

/** Undefined if the system does not report its limit. */
export function checkOpenFiles(limits?: string): Finding | undefined {
  const most = openFilesMax(limits);
  if (most === undefined) return undefined;
  if (most >= openFilesMin)
    return ok('open files', Number.isFinite(most) ? `${most}` : 'unlimited');
  const { frontend } = sessionPlaces(most);
  const told = `at most ${most}, so a frontend admits ${frontend} sessions`;
  return doubt(
    'open files',
    `${told}: raise it with ulimit -n ${openFilesMin}, or LimitNOFILE in the unit`,
  );
}

/** Safety does not depend on the wall clock, but logs and orders show it. */
export async function checkClock(clock: Clock): Promise<Finding> {
  const [monotonic, wall] = [clock.nowMs(), clock.wallMs()];
  await sleep(clock, clockMs);
  const passed = clock.nowMs() - monotonic;
  const drift = Math.abs(clock.wallMs() - wall - passed) / passed;
  const now = new Date(clock.wallMs());
  if (passed <= 0) return problem('clock', 'the monotonic clock does not advance');
  if (drift > driftMax) {
    const percent = Math.round(100 * drift);
    return doubt('clock', `the wall clock was ${percent} % off within ${Math.round(passed)} ms`);
  }
  if (now.getFullYear() < yearMin)
    return doubt('clock', `the wall clock is wrong: ${now.toISOString()}`);
  return ok('clock', now.toISOString());
}
