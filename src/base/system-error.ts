/**
 * The reason of a system error in words, with the system's own name for it: `address in use
 * (EADDRINUSE)`. A port, a disk and a client use the same words for the same error.
 */
import { getSystemErrorMap } from 'node:util';

/** Replaces the system's words if they are missing or unclear. */
const words: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address in use',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the name cannot be resolved',
  EAI_AGAIN: 'the name cannot be resolved, the name server does not answer',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
};

/** Returns the message unchanged if the error is not a system error. */
export function systemReason(error: Error): string {
  const reason = systemWords(error);
  return reason === undefined ? error.message : `${reason} (${codeOf(error)})`;
}

/** Undefined if the error is not a system error. */
export function systemWords(error: Error): string | undefined {
  const { errno } = error as NodeJS.ErrnoException;
  const [, known] = getSystemErrorMap().get(errno ?? 0) ?? [];
  return words[codeOf(error)] ?? known;
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
