/**
 * Another service at the other end of a connection to the catalog's replication port, as the
 * handlers of this folder and of the service see it. Does not depend on sockets.
 */
import type { BazarError } from '../../base/errors.js';

/** The owner of another service, or a thread of a frontend, at the other end of a connection. */
export interface Peer {
  readonly remote: string;
  readonly closed: boolean;
  request(
    method: string,
    params: unknown,
    timeoutMs: number,
    callback: (error: BazarError | undefined, result: unknown) => void,
  ): void;
  notify(method: string, params: unknown): boolean;
  end(): void;
  destroy(error?: Error): void;
}
