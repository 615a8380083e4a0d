/**
 * Ports on which several threads of a process listen at once, if Node and the kernel support it.
 * SO_REUSEPORT came with Node 22.12 and 23.1. Node 20 ignores the option silently, and then only one of
 * the threads could listen. Only Linux distributes the connections evenly.
 */
const firstMinor: ReadonlyMap<number, number> = new Map([
  [22, 12],
  [23, 1],
]);

export function reusesPorts(
  version: string = process.versions.node,
  platform: string = process.platform,
): boolean {
  if (platform !== 'linux') return false;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return minor >= (firstMinor.get(major) ?? (major > 23 ? 0 : Number.POSITIVE_INFINITY));
}
