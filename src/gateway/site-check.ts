/**
 * Limits what a browser may do on behalf of other sites (docs/API.md, Browsers): no change
 * of the store unless the operator allowed the site's origin, and no request under a host name that
 * is not the listener's own. Requests without Origin and Sec-Fetch-Site, which programs send, pass.
 * Uses headers and no route.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { BazarError } from '../base/errors.js';

export interface SiteRules {
  /**
   * Host names that are answered in addition to IP addresses and localhost; undefined for all
   * names.
   */
  readonly hosts: readonly string[] | undefined;
  /** Origins whose pages may read answers and change the store; `*` for all. */
  readonly origins: readonly string[];
}

export type AnswerHeaders = Readonly<Record<string, string>>;

const none: AnswerHeaders = {};
const preflightSeconds = 600;
const readable = 'etag, idempotency-replayed, location, retry-after, x-request-id';
const writable =
  'authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, ' +
  'traceparent, x-request-id';
/** Only browsers send it; a page cannot set it. */
const harmlessSites: ReadonlySet<string> = new Set(['same-origin', 'none']);

export class SiteCheck {
  readonly #rules: SiteRules;
  /** The Host header of the last request that had a known one. */
  #knownHost: string | undefined;

  constructor(rules: SiteRules) {
    this.#rules = rules;
  }

  /** Throws for a host name that is not this listener's, as in DNS rebinding. */
  requireKnownHost({ host }: IncomingHttpHeaders): void {
    const { hosts } = this.#rules;
    if (hosts === undefined || host === undefined || host === this.#knownHost) return;
    const name = hostNameOf(host);
    if (name !== undefined && (isLocalName(name) || hosts.includes(name))) {
      this.#knownHost = host;
      return;
    }
    const message = `this frontend is not known as "${host.slice(0, 100)}" (--allowed-host)`;
    throw new BazarError('permission_denied', message);
  }

  /** Throws if a browser sends a change on behalf of another site. */
  requireOwnSite(headers: IncomingHttpHeaders): void {
    const { origin, host } = headers;
    if (this.#allows(origin)) return;
    const site = headers['sec-fetch-site'];
    if (typeof site === 'string' ? harmlessSites.has(site) : isSameSite(origin, host)) return;
    const message = 'a page of another site may not change this store (--cors-origin)';
    throw new BazarError('permission_denied', message);
  }

  /** Headers for every answer to a page of an allowed origin. */
  answerHeaders({ origin }: IncomingHttpHeaders): AnswerHeaders {
    if (this.#rules.origins.length === 0) return none;
    const vary = { vary: 'origin' };
    if (origin === undefined || !this.#allows(origin)) return vary;
    return {
      ...vary,
      'access-control-allow-origin': origin,
      'access-control-expose-headers': readable,
    };
  }

  /** Headers for the answer to OPTIONS: what a page of an allowed origin may send. */
  preflightHeaders(headers: IncomingHttpHeaders, methods: string): AnswerHeaders {
    const isPreflight = headers['access-control-request-method'] !== undefined;
    if (!isPreflight || !this.#allows(headers.origin)) return none;
    return {
      'access-control-allow-methods': methods,
      'access-control-allow-headers': writable,
      'access-control-max-age': String(preflightSeconds),
    };
  }

  #allows(origin: string | undefined): boolean {
    const { origins } = this.#rules;
    return origin !== undefined && (origins.includes('*') || origins.includes(origin));
  }
}

/** `127.0.0.1`, `::1` and `localhost`: only programs of this machine reach such a listener. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Lower case, without port, brackets and the final dot; undefined for an invalid Host header. */
function hostNameOf(host: string): string | undefined {
  const match = /^(?:\[([\da-f:.]+)\]|([^:[\]/\s]+))(?::\d{0,5})?$/i.exec(host);
  return (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '');
}

/** Names that DNS cannot point elsewhere. */
function isLocalName(name: string): boolean {
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost');
}

/** Without Sec-Fetch-Site, as over plain HTTP, the Origin must equal the requested host. */
function isSameSite(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true;
  const from = urlOf(origin);
  return from !== undefined && from.host === urlOf(`${from.protocol}//${host}`)?.host;
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
