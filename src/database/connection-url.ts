/**
 * The settings of a connection, from a libpq URL with one or several hosts and the `PG*` variables. The
 * password is a function, so that no log, error or JSON shows it.
 */

import { databaseLimits } from '../base/database-limits.js';
import { BazarError } from '../base/errors.js';

const sslModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof sslModes)[number];
const targets = ['any', 'read-write', 'primary'] as const;
export type TargetSession = (typeof targets)[number];

export interface DatabaseHost {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
}

export interface DatabaseTls {
  readonly mode: SslMode;
  readonly rootFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
}

export interface DatabaseSettings {
  /** Tried in this order. */
  readonly hosts: readonly DatabaseHost[];
  readonly user: string;
  readonly database: string;
  readonly password: () => string;
  readonly target: TargetSession;
  readonly tls: DatabaseTls;
  /** Passed to the server at the start of a session, for example `-c work_mem=8MB`. */
  readonly options: string | undefined;
  readonly applicationName: string;
  readonly connectTimeoutMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const pattern =
  /^postgres(?:ql)?:\/\/(?:(?<account>[^/?#]*)@)?(?<hosts>[^/?#]*)(?:\/(?<database>[^?#]*))?(?:\?(?<query>[^#]*))?$/;
const defaultPort = 5_432;
/** A parameter of the URL, and the variable that stands in for it. */
const variables: Readonly<Record<string, string>> = {
  host: 'PGHOST',
  port: 'PGPORT',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  dbname: 'PGDATABASE',
  options: 'PGOPTIONS',
  application_name: 'PGAPPNAME',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  connect_timeout: 'PGCONNECT_TIMEOUT',
};

/** Name of the schema if no other is chosen. */
export const defaultSchema = 'bazar';

export function isDatabaseUrl(text: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(text);
}

/** `env` holds the `PG*` variables; the URL overrides them. */
export function parseDatabaseUrl(url: string, env: Environment): DatabaseSettings {
  const parts = pattern.exec(url)?.groups;
  // With an `@` elsewhere, a part of the password may stand as the host; no message may show it.
  if (!parts || `${parts.database ?? ''}${parts.query ?? ''}`.includes('@')) {
    throw invalid(
      'must be postgres://user@host:port/database; encode special characters, @ as %40',
    );
  }
  const params = new URLSearchParams(parts.query ?? '');
  const unknown = [...params.keys()].find((name) => variables[name] === undefined);
  if (unknown !== undefined) throw invalid(`unknown parameter ${JSON.stringify(unknown)}`);
  const [user = '', ...password] = (parts.account ?? '').split(':');
  const inPath: Readonly<Record<string, string>> = {
    user: decode(user),
    password: decode(password.join(':')),
    dbname: decode(parts.database ?? ''),
  };
  const read = (name: string): string | undefined => {
    const variable = variables[name];
    const found = params.get(name) || inPath[name] || (variable && env[variable]);
    return found || undefined;
  };
  const name = read('user');
  if (name === undefined) throw invalid('names no user; add one, or set PGUSER');
  const secret = read('password') ?? '';
  return {
    hosts: readHosts(parts.hosts ?? '', read('host'), read('port')),
    user: name,
    database: read('dbname') ?? name,
    password: () => secret,
    target: oneOf('target_session_attrs', read('target_session_attrs') ?? 'read-write', targets),
    tls: {
      mode: oneOf('sslmode', read('sslmode') ?? 'prefer', sslModes),
      rootFile: read('sslrootcert'),
      certFile: read('sslcert'),
      keyFile: read('sslkey'),
    },
    options: read('options'),
    applicationName: read('application_name') ?? 'bazar',
    connectTimeoutMs: readTimeout(read('connect_timeout')),
  };
}

/** Removes the passwords of all database URLs in a text, also of malformed ones. */
export function withoutPasswords(text: string): string {
  return text
    .replace(/(postgres(?:ql)?:\/\/[^:@\s]*):\S*@/g, '$1@')
    .replace(/(postgres(?:ql)?:\/\/\S*?[?&])password=[^&\s"']*&?/g, '$1');
}

/** For messages and logs: no password and no options. */
export function describeDatabase({ hosts, user, database }: DatabaseSettings): string {
  const places = hosts.map(({ host, port }) => (host.startsWith('/') ? host : `${host}:${port}`));
  return `postgres://${encodeURIComponent(user)}@${places.join(',')}/${encodeURIComponent(database)}`;
}

function readHosts(
  inUrl: string,
  named: string | undefined,
  port: string | undefined,
): readonly DatabaseHost[] {
  const ports = (port ?? '').split(',');
  const texts = (inUrl || named || 'localhost').split(',');
  if (texts.length > databaseLimits.hostsMax) {
    throw invalid(`names more than ${databaseLimits.hostsMax} hosts`);
  }
  return texts.map((text, place) => {
    const own = /^(?:\[(?<address>[^\]]+)\]|(?<name>[^:]*))(?::(?<port>\d+))?$/.exec(text)?.groups;
    const isPath = text.startsWith('/');
    if (!own && !isPath) throw invalid(`has a wrong host ${JSON.stringify(decode(text))}`);
    const host = isPath ? text : decode(own?.address ?? own?.name ?? '');
    const at = own?.port ?? (ports.length === 1 ? ports[0] : ports[place]);
    return { host: host || 'localhost', port: readPort(at || `${defaultPort}`) };
  });
}

function readPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw invalid(`has a wrong port ${text}`);
  return port;
}

function readTimeout(text: string | undefined): number {
  if (text === undefined) return databaseLimits.connectTimeoutMs;
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1) {
    throw invalid('has a wrong connect_timeout; it is a whole number of seconds');
  }
  return Math.min(seconds * 1_000, databaseLimits.callTimeoutMs);
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === text);
  if (found === undefined) throw invalid(`needs ${name} to be one of ${allowed.join(', ')}`);
  return found;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('has a wrong percent encoding');
  }
}

function invalid(problem: string): BazarError {
  return new BazarError('invalid_argument', `the database URL ${problem}`);
}
