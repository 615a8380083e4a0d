/**
 * Optional data beside a request's params: the caller's id for it, and its trace (W3C Trace Context). It
 * is only for logs: no decision depends on it, and invalid fields are left out.
 */
import { isRecord } from './shapes.js';

export interface RequestHeader {
  readonly request_id?: string;
  /** As the caller sent it. */
  readonly traceparent?: string;
  /** For a message that carries several requests: their headers. */
  readonly requests?: readonly RequestHeader[];
}

/** Limit per message; further requests have no header. */
export const headerRequestsMax = 16;

/** A header for a message that carries several requests; undefined if none of them has one. */
export function joinHeaders(
  headers: Iterable<RequestHeader | undefined>,
): RequestHeader | undefined {
  const requests: RequestHeader[] = [];
  for (const header of headers) {
    for (const one of header?.requests ?? (header ? [header] : [])) {
      if (requests.length < headerRequestsMax) requests.push(one);
    }
  }
  return requests.length === 0 ? undefined : { requests };
}

const requestIdText = /^[\w.:+/=@-]{1,100}$/;
const traceparentText =
  /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-|$)/;
const traceparentLengthMax = 200;

export function isRequestId(value: unknown): value is string {
  return typeof value === 'string' && requestIdText.test(value);
}

export function isTraceparent(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > traceparentLengthMax) return false;
  return traceparentText.test(value) && !value.startsWith('ff');
}

/** The valid fields of a received header, or undefined if there are none. */
export function readRequestHeader(value: unknown): RequestHeader | undefined {
  if (!isRecord(value)) return undefined;
  const one = readOne(value);
  if (!Array.isArray(value.requests)) return one;
  const all = value.requests.slice(0, headerRequestsMax).flatMap((each: unknown) => {
    const read = isRecord(each) ? readOne(each) : undefined;
    return read ? [read] : [];
  });
  return all.length === 0 ? one : { ...one, requests: all };
}

/** The ids for a log line. */
export function headerFields(header: RequestHeader | undefined): Record<string, unknown> {
  if (!header) return {};
  const { request_id, traceparent, requests } = header;
  const trace = traceparent === undefined ? undefined : traceparentText.exec(traceparent)?.[1];
  return {
    ...(request_id === undefined ? {} : { request_id }),
    ...(trace === undefined ? {} : { trace_id: trace }),
    ...(requests === undefined ? {} : { requests: requests.map(headerFields) }),
  };
}

function readOne(value: Readonly<Record<string, unknown>>): RequestHeader | undefined {
  const { request_id, traceparent } = value;
  const header = {
    ...(isRequestId(request_id) ? { request_id } : {}),
    ...(isTraceparent(traceparent) ? { traceparent } : {}),
  };
  return Object.keys(header).length === 0 ? undefined : header;
}
