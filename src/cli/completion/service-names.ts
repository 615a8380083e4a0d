/**
 * The service names that the shell completes: the members of the store in the data folder, and the
 * services that run there. Reads only files and sends no request, because completion must be fast.
 */
import { resolve } from 'node:path';
import { foundedMembers } from '../doctor/settings.js';
import { launcherName } from '../launcher/leftovers.js';
import { PidFiles } from '../launcher/pid-files.js';
import { environmentName, flagName } from '../options/options.js';
import { placeSpecs } from '../options/store-options.js';

/** @param args the words typed so far, which may name the data folder. */
export function serviceNames(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const dataDir = resolve(
    placeSpecs.dataDir.read(typed(args) ?? env[environmentName('dataDir')], ''),
  );
  const founded = foundedMembers(dataDir);
  const members = Array.isArray(founded) ? founded : [];
  const names = new Set<string>([...members, ...new PidFiles(dataDir).names()]);
  names.delete(launcherName);
  return [...names].sort();
}

/** `--data-dir DATA` or `--data-dir=DATA`. */
function typed(args: readonly string[]): string | undefined {
  const flag = flagName('dataDir');
  const at = args.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  if (at < 0) return undefined;
  const word = args[at] ?? '';
  return (word === flag ? args[at + 1] : word.slice(flag.length + 1)) || undefined;
}
