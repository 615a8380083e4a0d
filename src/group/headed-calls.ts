/**
 * Carries a request's header from a session thread to its owner. Calls with a header travel in a
 * wrapper, so that calls without one cost nothing more. If requests are logged, the line is written
 * here after the owner's answer.
 */
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logging.js';
import type { OwnerCall, OwnerLink } from '../pool/types.js';
import { headerFields, type RequestHeader } from '../wire/request-header.js';

const wrapper = 'with_header';

export function callOwner(
  owner: OwnerLink,
  method: string,
  params: unknown,
  header: RequestHeader | undefined,
): Promise<unknown> {
  if (header === undefined) return owner.call(method, params);
  return owner.call(wrapper, [method, params, header]);
}

/** Unwraps the calls; those without a header are unchanged. */
export function headedCalls(calls: OwnerCall[]): OwnerCall[] {
  if (!calls.some(({ operation }) => operation === wrapper)) return calls;
  return calls.map((call) => {
    if (call.operation !== wrapper) return call;
    const [operation, args, header] = call.args as readonly [string, unknown, RequestHeader];
    return { operation, args, header, reply: call.reply };
  });
}

/** Returns the calls; each writes a log line when it is answered. */
export function loggedCalls(calls: OwnerCall[], clock: Clock, logger: Logger): OwnerCall[] {
  const startMs = clock.nowMs();
  return calls.map((call) => ({
    ...call,
    reply(error, result) {
      const ms = Math.round((clock.nowMs() - startMs) * 100) / 100;
      const code = codeOf(error);
      logger.debug({ ...headerFields(call.header), method: call.operation, code, ms }, 'request');
      call.reply(error, result);
    },
  }));
}

function codeOf(error: Error | undefined): unknown {
  return error === undefined ? 'ok' : ((error as { readonly code?: unknown }).code ?? 'internal');
}
