/**
 * A run kept as a file: its seed, faults and profile, the invariant that it once broke, and the reason
 * to keep it. The tests replay it.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fault } from './faults.js';
import { type Profile, usualWorld } from './profile.js';

export interface Fixture {
  readonly why: string;
  /** The problem when it was found. */
  readonly problem: string;
  readonly seed: number;
  readonly profile: Profile;
  readonly faults: readonly Fault[];
}

/** In the source folder, wherever the compiled program is. */
const folder = new URL('../../sim/fixtures/', import.meta.url).pathname;

export function readFixtures(): { readonly name: string; readonly fixture: Fixture }[] {
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => {
    const fixture = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Fixture;
    return { name, fixture: { ...fixture, profile: { ...usualWorld, ...fixture.profile } } };
  });
}

export function writeFixture(name: string, fixture: Fixture): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.json`);
  writeFileSync(path, `${JSON.stringify(fixture, undefined, 2)}\n`);
  return path;
}
