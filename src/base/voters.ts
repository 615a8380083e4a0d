/**
 * The number of recovery servers that vote in a group (docs/PROTOCOL.md, 1): they keep the number of its
 * voters odd. The functions are pure.
 */

export function recoveryServerCount(replicas: number, recovery: number): number {
  const odd = (replicas + recovery) % 2 === 1;
  return odd ? recovery : Math.max(0, recovery - 1);
}

/** Whether a replica of this name is the only voter of its group. */
export function isOnlyVoter(id: string, members: readonly string[]): boolean {
  if (kindOf(id) === 'recovery') return false;
  const count = (kind: string) => members.filter((member) => kindOf(member) === kind).length;
  const replicas = count(kindOf(id));
  return replicas + recoveryServerCount(replicas, count('recovery')) === 1;
}

function kindOf(member: string): string {
  return member.replace(/-\d+$/, '');
}
