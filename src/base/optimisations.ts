/**
 * The optimisations that depend on internals of Node or on the costs of one kind of machine, each with
 * a switch. The entry of a process switches off what its configuration names, and the pool passes
 * that on to its threads. Invariant: a thread sets the switches before it opens a socket.
 */

export const optimisationNames = [
  /** Sockets of one thread read into one buffer (src/net/shared-reads.ts). Off: Node allocates each. */
  'shared-reads',
  /** Session threads exchange batches in shared memory (src/pool/ring-port.ts). Off: by messages. */
  'ring',
  /** A turn of the event loop ends in stages (src/base/turn.ts). Off: each callback runs separately. */
  'turn-stages',
  /** Equal params are decoded once (src/wire/params-cache.ts). Off: with each request. */
  'params-cache',
] as const;
export type Optimisation = (typeof optimisationNames)[number];

export function isOptimisation(name: string): name is Optimisation {
  return optimisationNames.some((one) => one === name);
}

const on: Record<Optimisation, boolean> = {
  'shared-reads': true,
  ring: true,
  'turn-stages': true,
  'params-cache': true,
};

/** Switches these off and all others on. */
export function switchOff(names: readonly Optimisation[]): void {
  for (const name of optimisationNames) on[name] = !names.includes(name);
}

export function switchedOff(): readonly Optimisation[] {
  return optimisationNames.filter((name) => !on[name]);
}

export function isOn(name: Optimisation): boolean {
  return on[name];
}
