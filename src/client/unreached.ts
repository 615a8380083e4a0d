/**
 * Explains why no frontend can be reached: a wrong name, no listener, no answer, an untrusted
 * certificate, or TLS on only one side. Pure.
 */
import { type Address, formatAddress } from '../base/address.js';
import { BazarError } from '../base/errors.js';
import { systemReason } from '../base/system-error.js';

/** Stored in the error's details as `reason`. */
export type UnreachedReason = 'refused' | 'name' | 'timeout' | 'certificate' | 'no_tls' | 'network';

const reasons: Readonly<Record<string, UnreachedReason>> = {
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'name',
  EAI_AGAIN: 'name',
  ETIMEDOUT: 'timeout',
  // The error after the first bytes of a handshake that the peer does not understand.
  ECONNRESET: 'no_tls',
  EPROTO: 'no_tls',
  EHOSTUNREACH: 'network',
  ENETUNREACH: 'network',
};
const certificateCode = /CERT|SIGNATURE|ISSUER|CRL/;

export interface Attempted {
  readonly address: Address;
  readonly error: BazarError | undefined;
}

/** @param attempted the last failure at each address; at least one. */
export function unreached(attempted: readonly Attempted[]): BazarError {
  const failures = attempted.map(({ address, error }) => {
    const cause = systemCause(error);
    return { address, cause, reason: reasonOf(error, cause) };
  });
  const [first] = failures;
  const isSame = failures.every(({ reason }) => reason === first?.reason);
  const message =
    isSame && first?.reason === 'refused'
      ? `nothing listens on ${failures.map(({ address }) => formatAddress(address)).join(' or ')}`
      : failures.map(({ address, cause, reason }) => told(address, reason, cause)).join('; ');
  const details = { unreached: true, reason: isSame ? first?.reason : 'several' };
  return new BazarError('unavailable', message, { details, cause: attempted[0]?.error });
}

function told(address: Address, reason: UnreachedReason, cause: Error | undefined): string {
  const name = formatAddress(address);
  const why = cause === undefined ? '' : systemReason(cause);
  switch (reason) {
    case 'refused':
      return `nothing listens on ${name}`;
    case 'name':
      return `${address.host}: ${why}`;
    case 'timeout':
      return `${name} does not answer`;
    case 'certificate':
      return `the certificate of ${name} is not trusted: ${why}`;
    case 'no_tls':
      return `${name} does not speak TLS`;
    case 'network':
      return `${name}: ${why}`;
  }
}

function reasonOf(error: BazarError | undefined, cause: Error | undefined): UnreachedReason {
  const code = codeOf(cause);
  if (certificateCode.test(code)) return 'certificate';
  if (code.startsWith('ERR_SSL')) return 'no_tls';
  if (cause !== undefined && code === '' && /in time/.test(cause.message)) return 'timeout';
  if (/handshake took too long/.test(error?.message ?? '')) return 'timeout';
  return reasons[code] ?? 'refused';
}

/** The innermost error, which is the system's. */
function systemCause(error: BazarError | undefined): Error | undefined {
  let at: unknown = error;
  while (at instanceof BazarError) at = at.cause;
  return at instanceof Error ? at : undefined;
}

function codeOf(error: Error | undefined): string {
  return error !== undefined && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
