/**
 * Watches a store: requests its status repeatedly. On a terminal it uses the whole screen and shows
 * rates and changes; otherwise it prints one status after the other. It continues while the store
 * is unreachable, to show when the store returns.
 */
import { sleep, waitingClock } from '../../base/clock.js';
import type { StoreStatus } from '../../frontend/types.js';
import type { Io } from '../output/io.js';
import { printable } from '../output/output.js';
import { paint } from '../output/paint.js';
import { Happenings } from './happenings.js';
import { Screen } from './screen.js';
import { describeStatus, type Sight } from './status-view.js';
import type { StatusSource } from './whole-status.js';

const lookEveryMs = 1_000;
const rowsForHappeningsMin = 3;

export interface WatchOptions {
  readonly client: StatusSource;
  readonly json: boolean;
  readonly io: Io;
}

export async function watchStatus(options: WatchOptions): Promise<void> {
  const { io, json } = options;
  const stop = new AbortController();
  io.interrupted().addEventListener('abort', () => stop.abort());
  if (io.terminal && !json) return watchOnScreen(options, stop);
  while (!stop.signal.aborted) {
    io.out(await look(options));
    await pause(stop.signal);
  }
}

async function look({ client, json, io }: WatchOptions): Promise<string> {
  try {
    const store = await client.status({ timeoutMs: lookEveryMs });
    if (json) return `${JSON.stringify(store)}\n`;
    return await describeStatus(io, { store, atMs: 0 });
  } catch (error) {
    return `${reason(error)}\n`;
  }
}

async function watchOnScreen({ client, io }: WatchOptions, stop: AbortController): Promise<void> {
  const screen = new Screen(io, () => stop.abort());
  const happenings = new Happenings();
  let before: Sight | undefined;
  let body = '';
  try {
    while (!stop.signal.aborted) {
      let trouble = '';
      try {
        const sight = await see(client);
        body = await describeStatus(io, sight, before ?? sight, io.size().columns);
        before = sight;
        happenings.saw(sight.store, waitingClock.wallMs());
      } catch (error) {
        trouble = reason(error);
        happenings.failed(trouble, waitingClock.wallMs());
      }
      screen.draw(page(io, trouble, body, happenings));
      await pause(stop.signal);
    }
  } finally {
    screen.close();
  }
}

async function see(client: StatusSource): Promise<Sight> {
  const store: StoreStatus = await client.status({ timeoutMs: lookEveryMs });
  return { store, atMs: waitingClock.nowMs() };
}

function page(io: Io, trouble: string, body: string, happenings: Happenings): string[] {
  const title = `${paint(io, 'strong', 'bazar')}  ${clockTime(waitingClock.wallMs())}`;
  const lines = [
    `${title}  ${trouble === '' ? paint(io, 'faint', 'q quits') : paint(io, 'bad', printable(trouble))}`,
    '',
    ...body.trimEnd().split('\n'),
  ];
  const room = Math.max(rowsForHappeningsMin, io.size().rows - lines.length - 1);
  const shown = happenings.newest
    .slice(-room)
    .map(({ wallMs, text }) => `${paint(io, 'faint', clockTime(wallMs))}  ${printable(text)}`);
  return shown.length === 0 ? lines : [...lines, '', ...shown];
}

function clockTime(wallMs: number): string {
  return new Date(wallMs).toTimeString().slice(0, 8);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Waits until the next request or until the command stops. */
function pause(stopped: AbortSignal): Promise<void> {
  if (stopped.aborted) return Promise.resolve();
  const waiting = new AbortController();
  const stop = new Promise<void>((resolve) => {
    stopped.addEventListener('abort', () => resolve(), { signal: waiting.signal });
  });
  return Promise.race([sleep(waitingClock, lookEveryMs), stop]).finally(() => waiting.abort());
}
