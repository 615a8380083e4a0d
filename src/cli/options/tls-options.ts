/** The options that name certificates. The entry reads their files once. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { PeerTlsFiles, TlsFiles } from '../../base/tls-files.js';
import { UsageError } from '../output/exit-codes.js';
import { flag, text, type Values } from './options.js';

const group = { group: 'TLS:' };
const fileGroup = { ...group, completes: 'files' } as const;

export const tlsSpecs = {
  tlsCert: text('Certificate of a frontend (PEM file); its ports then accept only TLS', undefined, {
    ...fileGroup,
  }),
  tlsKey: text('Key of the certificate (PEM file)', undefined, fileGroup),
  clusterTlsCert: text(
    'Certificate for the links between services (PEM file)',
    undefined,
    fileGroup,
  ),
  clusterTlsKey: text('Key of that certificate (PEM file)', undefined, fileGroup),
  clusterTlsCa: text(
    'Authority of the certificates of all services (PEM file)',
    undefined,
    fileGroup,
  ),
} as const;

export const clientTlsSpecs = {
  tls: flag('Use TLS', group),
  tlsCa: text('Use TLS and trust this authority (PEM file)', undefined, fileGroup),
} as const;

export interface TlsSecrets {
  readonly tls: TlsFiles | undefined;
  readonly clusterTls: PeerTlsFiles | undefined;
}

export function readTls(options: Values<typeof tlsSpecs>): TlsSecrets {
  const { tlsCert, tlsKey, clusterTlsCert, clusterTlsKey, clusterTlsCa } = options;
  const names = [clusterTlsCert, clusterTlsKey, clusterTlsCa];
  const tls = pair(tlsCert, tlsKey, '--tls-cert and --tls-key');
  const ca = clusterTlsCa === undefined ? undefined : readPem('--cluster-tls-ca', clusterTlsCa);
  if (names.some((name) => name !== undefined) && names.includes(undefined)) {
    throw new UsageError(
      '--cluster-tls-cert, --cluster-tls-key and --cluster-tls-ca must be given together',
    );
  }
  const own = pair(clusterTlsCert, clusterTlsKey, '--cluster-tls-cert and --cluster-tls-key');
  return { tls, clusterTls: own && ca !== undefined ? { ...own, ca } : undefined };
}

/** The certificates (PEM) that a client trusts; undefined without TLS. */
export function readTrust(
  options: Values<typeof clientTlsSpecs>,
): { readonly ca?: string } | undefined {
  const { tls, tlsCa } = options;
  if (tlsCa !== undefined) return { ca: readPem('--tls-ca', tlsCa) };
  return tls ? {} : undefined;
}

function pair(cert: string | undefined, key: string | undefined, names: string) {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined)
    throw new UsageError(`${names} must be given together`);
  const files = { cert: readPem('certificate', cert), key: readPem('key', key) };
  try {
    createSecureContext(files);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `${names}: ${cert} and ${key} are not a certificate and its key: ${reason}`,
    );
  }
  return files;
}

function readPem(what: string, file: string): string {
  let read: string;
  try {
    read = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${what}: ${reason}`);
  }
  if (!read.includes('-----BEGIN ')) throw new UsageError(`${what}: ${file} is not a PEM file`);
  return read;
}
