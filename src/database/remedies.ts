/** What an operator can do about a failed connection or statement. Pure. */

export interface FailedStatement {
  /** Undefined: the server did not answer. */
  readonly sqlState: string | undefined;
  readonly message: string;
}

/** By SQLSTATE. */
const byState: Readonly<Record<string, string>> = {
  '28P01': 'correct user and password, or set PGPASSWORD',
  '28000': 'create this role, and allow it in pg_hba.conf for this database and address',
  '3D000': 'create this database, or correct its name in the URL',
  '42501': 'give this role the rights in docs/SQL-ENGINE.md, or use another role',
  '42704': 'create this role first',
  '53100': "free space on the database server's disk",
  '53200': 'the database server needs more memory',
  '53300': 'raise max_connections or the limit of this role, or end other sessions',
  '57P03': 'the server starts or stops: try again soon',
};

/** By the words of Node, OpenSSL and the client, for failures without an SQLSTATE. */
const byWords: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/ECONNREFUSED/, 'nothing listens there: start the server, or correct host and port'],
  [/ENOTFOUND|EAI_AGAIN/, 'the host name cannot be resolved: correct it'],
  [/EHOSTUNREACH|ENETUNREACH/, 'there is no route to the host: correct it, or the network'],
  [/ENOENT/, 'there is no such socket: start the server, or correct host and port'],
  [/timeout|ETIMEDOUT|no answer/i, 'correct host and port, and check the firewall and the server'],
  [/password must be a (?:non-empty )?string/, 'give a password in the URL, or set PGPASSWORD'],
  [/does not support SSL/, 'use sslmode=disable, or switch ssl on in the server'],
  [/altnames/i, 'use a host name of its certificate, or sslmode=verify-ca'],
  [/certificate has expired/, 'the server needs a new certificate'],
  [
    /certificate/i,
    'sslrootcert must name the authority of its certificate, or use sslmode=require without sslrootcert',
  ],
];

/** Undefined: the failure says it itself, or nothing is known to help. */
export function remedyFor({ sqlState, message }: FailedStatement): string | undefined {
  if (sqlState !== undefined) return byState[sqlState];
  return byWords.find(([pattern]) => pattern.test(message))?.[1];
}
