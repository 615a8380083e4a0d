/**
 * Deletes a store's data: the folders of its services and its identity. Keeps the tokens, the first
 * stock, and all other files in the folder.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const serviceFolder = /^(?:catalog|order|recovery|frontend)-\d+$/;
const identityFile = 'cluster.json';
/** Left by an interrupted founding. */
const foundingFile = 'founding.json';

/** The names in the data folder that a fresh start removes. */
export function storedData(dataDir: string): string[] {
  if (!existsSync(dataDir)) return [];
  return readdirSync(dataDir).filter(
    (name) => serviceFolder.test(name) || name === identityFile || name === foundingFile,
  );
}

export function forgetData(dataDir: string): void {
  // The identity goes last: while it exists, no start founds a new store on the remaining files.
  const names = storedData(dataDir).sort(
    (a, b) => Number(a === identityFile) - Number(b === identityFile),
  );
  for (const name of names) rmSync(join(dataDir, name), { recursive: true, force: true });
}
