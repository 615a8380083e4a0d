/** A disk of a chosen size: a tmpfs, which only root may mount. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Undefined on success, otherwise the reason. @param options for example `size=40m`. */
export function mountDisk(place: string, options: string): string | undefined {
  const args = ['-t', 'tmpfs', '-o', options, 'tmpfs', place];
  const { status, error, stderr } = spawnSync('mount', args);
  return status === 0 ? undefined : `${error?.message ?? stderr.toString().split('\n')[0]}`;
}

export function unmountDisk(place: string): void {
  spawnSync('umount', ['-l', place]);
}

/** Why no disk can be mounted here; undefined if one can. */
export function diskRefusal(): string | undefined {
  const place = mkdtempSync(join(tmpdir(), 'bazar-disk-'));
  const refused = mountDisk(place, 'size=1m');
  if (refused === undefined) unmountDisk(place);
  rmdirSync(place);
  return refused;
}
