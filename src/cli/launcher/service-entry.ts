/**
 * Which file a service process runs: the build puts its modules together (scripts/bundle.mjs), and
 * what a compiler alone has made is as good, and newer where somebody has compiled since.
 */
import { statSync } from 'node:fs';

/** A copy of the whole may write the one some time before the other; nobody compiles so soon. */
const copiedWithinMs = 5_000;

/** Of `dist/`, or of whatever folder the compiler wrote to. */
export function serviceEntry(folder: URL): URL {
  const modules = new URL('src/cli/service/serve.js', folder);
  const bundled = new URL('services/cli/serve.js', folder);
  const bundledMs = writtenMs(bundled);
  if (bundledMs === undefined) return modules;
  return (writtenMs(modules) ?? 0) > bundledMs + copiedWithinMs ? modules : bundled;
}

function writtenMs(file: URL): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}
