/**
 * Runs the live audit: an `audit` entry in both groups, the books that each leader recomputes from
 * its files, and every replica's state hash at that entry. audit.ts compares them.
 */
import { BazarError } from '../../base/errors.js';
import type { AuditMark, CatalogAudit, OrderAudit } from '../../wire/audit-messages.js';
import type { ReplicaClient } from '../replica-client.js';
import type { AuditReport } from '../types.js';
import { auditReport, type ReplicaMark } from './audit.js';
import type { Leaders } from './backends.js';

/** Recomputing the books of a large store takes long. */
const booksTimeoutMs = 100_000;
const markTimeoutMs = 10_000;

export async function takeAudit(
  lines: readonly ReplicaClient[],
  leaders: Leaders,
  token: string,
): Promise<AuditReport> {
  // The catalog first: every sale, cancellation and movement that it has made by then must get into the book.
  const catalogLeader = leaderClient(lines, leaders.catalog, 'catalog');
  const catalog = (await catalogLeader.call('audit', [token], booksTimeoutMs)) as CatalogAudit;
  const orderLeader = leaderClient(lines, leaders.order, 'order');
  const [, , , sales, , , cancellations, movements] = catalog;
  // Fields that builds of older rules do not know are sent only if they are needed.
  const more = [cancellations, movements].filter((number) => number !== undefined);
  const params = [token, sales, ...more];
  const order = (await orderLeader.call('audit', params, booksTimeoutMs)) as OrderAudit;
  const [, orderHash] = order;
  const hasState = ({ group, isRecoveryServer }: ReplicaClient): boolean =>
    !isRecoveryServer && (group === 'catalog' || orderHash !== '');
  const marks = await Promise.all(
    lines
      .filter((line) => line.connected && hasState(line))
      .map(async (line): Promise<ReplicaMark> => {
        const mark = (await line.call('audit_mark', [token], markTimeoutMs)) as AuditMark;
        return { name: line.name, group: line.group, mark };
      }),
  );
  return auditReport(catalog, order, marks);
}

function leaderClient(
  lines: readonly ReplicaClient[],
  name: string | undefined,
  group: string,
): ReplicaClient {
  const line = lines.find((one) => one.name === name);
  if (line) return line;
  throw new BazarError('unavailable', `the ${group} group has no leader at the moment`);
}
