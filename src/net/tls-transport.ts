/**
 * The same byte streams inside TLS 1.3. Customers check the store's certificate. Between services, both
 * sides present a certificate of the cluster's own authority. TLS only encrypts; tokens above it decide
 * access.
 */
import type { Duplex } from 'node:stream';
import {
  type ConnectionOptions,
  createSecureContext,
  createServer,
  type SecureContext,
  TLSSocket,
  connect as tlsConnect,
} from 'node:tls';
import { BazarError } from '../base/errors.js';
import { clientLimits } from '../base/limits.js';
import type { PeerTlsFiles, TlsFiles } from '../base/tls-files.js';
import { connectionDuplex, type Holding } from './duplex.js';
import {
  connected,
  listening,
  socketOptions,
  tcpConnection,
  tcpTransport,
} from './tcp-transport.js';
import type { Connection, Transport } from './types.js';

const minVersion = 'TLSv1.3';

/** The authority that a customer trusts: `ca` in PEM, or otherwise Node's list. */
export interface TlsTrust {
  readonly ca?: string;
}

/** The customer's side, which only connects. */
export function tlsClientTransport({ ca }: TlsTrust): Transport {
  return {
    connect: ({ host, port }, timeoutMs) => {
      const trust = ca === undefined ? {} : { ca };
      const wish: ConnectionOptions = { host, port, minVersion, ...socketOptions, ...trust };
      return connected(() => tlsConnect(wish), 'secureConnect', { host, port }, timeoutMs);
    },
    listen: () => Promise.reject(new BazarError('internal', 'a client does not listen')),
  };
}

/**
 * Between services: each side must present a certificate of the same authority. Its name is not checked,
 * because services move between machines; the handshake above proves the identity.
 */
export function tlsPeerTransport(files: PeerTlsFiles): Transport {
  const own = { ...files, minVersion, ...socketOptions } as const;
  return {
    connect: ({ host, port }, timeoutMs) => {
      const wish: ConnectionOptions = { host, port, ...own, checkServerIdentity: () => undefined };
      return connected(() => tlsConnect(wish), 'secureConnect', { host, port }, timeoutMs);
    },
    listen: (address, accept) => {
      // Limits silent strangers; Node's own limit is two minutes.
      const handshakeTimeout = clientLimits.handshakeTimeoutMs;
      const mutual = { requestCert: true, rejectUnauthorized: true, handshakeTimeout };
      const server = createServer({ ...own, ...mutual }, (socket) => accept(tcpConnection(socket)));
      return listening(server, address, false);
    },
  };
}

/** The transport between services: plain TCP, or TLS if they have certificates. */
export function peerTransport(files: PeerTlsFiles | undefined): Transport {
  return files === undefined ? tcpTransport : tlsPeerTransport(files);
}

/** A customer's decrypted session, in the thread that serves it. */
export interface SecureSession {
  /** For the HTTP server. */
  stream(): Duplex & Holding;
  /** The same as a connection. */
  connection(): Connection;
}

export function secureContext({ cert, key }: TlsFiles): SecureContext {
  return createSecureContext({ cert, key, minVersion });
}

export function secureSession(inner: Connection, context: SecureContext): SecureSession {
  const stream = new TLSSocket(connectionDuplex(inner) as unknown as TLSSocket, {
    isServer: true,
    secureContext: context,
    ALPNProtocols: ['http/1.1'],
  });
  // A failed handshake ends only this session.
  stream.on('error', () => stream.destroy());
  const connection = (): Connection => tcpConnection(stream, inner.remote);
  return { stream: () => connectionDuplex(connection()), connection };
}
