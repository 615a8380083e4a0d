/**
 * Why a service process failed, as the process tells its launcher in its last message, and the line
 * that people read: the name, the reason, the way out. Pure.
 */

/** The message of a service process that ends. */
export interface StartFailure {
  /** Of the error, as `corruption`, `conflict` or `unavailable`. */
  readonly code: string;
  readonly reason: string;
}

/** A restart does not help with these: an operator has to look first. */
const operatorCodes: ReadonlySet<string> = new Set(['corruption', 'conflict']);
/** Larger than the span of ports of one store. */
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

/** The lines of a final error that no warning has said; the whole error where each line was said. */
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
