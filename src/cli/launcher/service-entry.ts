/** Picks the bundle (scripts/bundle.mjs), or the compiled modules if they are newer than the bundle. */
import { statSync } from 'node:fs';

/** Copying a whole build may write the bundle before the modules, but at most this long before. */
const copiedWithinMs = 5_000;

/** @param folder `dist/`, or another output folder of the compiler. */
export function serviceEntry(folder: URL): URL {
  const modules = new URL('src/cli/service/serve.js', folder);
  const bundled = new URL('services/cli/service/serve.js', folder);
  const bundledMs = writtenMs(bundled);
  if (bundledMs === undefined) return modules;
  return (writtenMs(modules) ?? 0) > bundledMs + copiedWithinMs ? modules : bundled;
}

function writtenMs(file: URL): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}
