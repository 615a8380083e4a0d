/**
 * The reason why a service process failed, as its last message to the launcher, and the line for
 * people: the name, the reason, the remedy. Pure.
 */

/** The message that a service process sends before it ends. */
export interface StartFailure {
  /** Code of the error, such as `corruption`, `conflict` or `unavailable`. */
  readonly code: string;
  readonly reason: string;
}

/** A restart does not help with these errors: an operator must act first. */
const operatorCodes: ReadonlySet<string> = new Set(['corruption', 'conflict']);
/** Larger than the port range of one store. */
const portOffsetStep = 1_000;

export function needsOperator({ code }: StartFailure): boolean {
  return operatorCodes.has(code);
}

export function isStartFailure(message: unknown): message is StartFailure {
  if (typeof message !== 'object' || message === null) return false;
  const { type, code, reason } = message as Readonly<Record<string, unknown>>;
  return type === 'failed' && typeof code === 'string' && typeof reason === 'string';
}

export function failureLine(name: string, { reason }: StartFailure, portOffset: number): string {
  const told = reason.startsWith('cannot ') ? `${name} ${reason}` : `${name}: ${reason}`;
  const wayOut = wayOutOf(name, reason, portOffset);
  return wayOut === undefined ? told : `${told}; ${wayOut}`;
}

/**
 * The lines of a final error that no warning has shown; the whole error if every line was shown.
 */
export function withoutWarnings(message: string, warnings: readonly string[]): string {
  const said = new Set(warnings.flatMap((warning) => warning.split('\n')));
  const lines = message.split('\n').filter((line) => !said.has(line));
  return lines.length === 0 ? message : lines.join('\n');
}

function wayOutOf(name: string, reason: string, portOffset: number): string | undefined {
  if (!reason.startsWith('cannot listen on ')) {
    return reason.includes('--repair') ? `bazar start ${name} --repair does this` : undefined;
  }
  if (reason.endsWith('(EADDRINUSE)')) {
    return `another store? try --port-offset ${portOffset + portOffsetStep}`;
  }
  if (reason.endsWith('(EACCES)')) {
    return 'a port below 1024 needs root or CAP_NET_BIND_SERVICE: try a higher port';
  }
  return undefined;
}
