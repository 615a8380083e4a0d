/**
 * Which faults may leave a group more work than a cut does: members that restart or catch up, leases of
 * dead frontends. Pure: depends only on the fault and the voters.
 */
import { type Fault, harmless } from './faults.js';
import type { GroupName } from './world.js';

/** The voters of each group. */
export type Voters = Readonly<Record<GroupName, ReadonlySet<string>>>;

/** A frontend that restarts or stops leaves a lease only at the catalog. */
export function isRough(fault: Fault, group: GroupName, voters: Voters): boolean {
  switch (fault.kind) {
    case 'cut':
    case 'part':
    case 'isolate':
    case 'split':
    case 'unattend':
      return false;
    case 'rival':
    case 'adrift':
    case 'renew':
      return group === 'catalog';
    case 'lossy':
    case 'skip':
      return true;
    case 'kill-group':
    case 'power-group':
      return fault.group === 'all' || fault.group === group;
    case 'amnesia':
    case 'tails':
    case 'brief-leads':
    case 'old-promise':
      return fault.group === group;
    case 'late':
      return [fault.from, fault.to].some((target) => isOf(target, group, voters));
    case 'wipe':
      return [fault.target, fault.parted].some((target) => isOf(target, group, voters));
    case 'stall':
      // Any connection to it may stall.
      return isFrontend(fault.target) || isOf(fault.target, group, voters);
    default:
      return 'target' in fault && !harmless.has(fault.kind) && isOf(fault.target, group, voters);
  }
}

/** A name that is not in the topology stands for a random process. */
function isOf(target: string, group: GroupName, voters: Voters): boolean {
  if (target === `${group}-leader` || target === `${group}-other`) return true;
  if (target.endsWith('-leader') || target.endsWith('-other')) return false;
  if (isFrontend(target)) return group === 'catalog';
  const isThere = voters.catalog.has(target) || voters.order.has(target);
  return !isThere || voters[group].has(target);
}

function isFrontend(target: string): boolean {
  return target.startsWith('frontend-');
}
