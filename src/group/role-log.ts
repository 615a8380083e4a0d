/**
 * Logs a member's role changes for the operator: that it leads, which leader it follows, that it
 * has caught up. It decides nothing.
 */
import type { Logger } from '../base/logging.js';
import type { CandidacyFailure } from '../consensus/types.js';
import type { GroupName } from './membership.js';
import type { GroupStatus } from './types.js';

type Sight = Pick<
  GroupStatus,
  'id' | 'role' | 'serving' | 'epoch' | 'leader' | 'logEnd' | 'candidacy' | 'doubt'
>;

type LostLead = 'unacknowledged' | 'unattended';

/** The log texts for the reasons of a lost lead. */
const losses: Readonly<Record<LostLead, string>> = {
  unacknowledged: 'no majority of the members answers it',
  unattended: 'no frontend reaches it, and one nominated another member',
};

/** The log texts for candidacies without a majority. */
const failures: Readonly<Record<Exclude<CandidacyFailure, LostLead>, string>> = {
  unreachable: 'too few members answered; check the network between the members',
  refused: 'a majority did not agree; another leader may be alive',
  doubtful:
    'members with a damaged journal may have held entries that no member is known to have; start all members, then see docs/OPERATIONS.md, "A group that cannot resolve a doubt"',
  unpromised: 'a majority did not promise in time; check the disks of the members',
  unconfirmed: 'the database did not confirm the lead',
  stalled: 'the member with the newest log did not hand over the missing entries',
};

export class RoleLog {
  readonly #group: GroupName;
  readonly #logger: Logger;
  #before: Sight | undefined;
  #told = '';

  constructor(group: GroupName, logger: Logger) {
    this.#group = group;
    this.#logger = logger;
  }

  saw(status: Sight): void {
    const before = this.#before;
    this.#before = status;
    if (before?.role === 'learner' && status.role === 'follower') {
      this.#tell(status, 'has caught up with the others and votes again');
    }
    const sentence = this.#sentence(status, before);
    if (sentence === undefined) return;
    // Roles are reported often, but each one is logged once.
    const news = `${sentence} ${status.epoch}`;
    if (news !== this.#told) this.#tell(status, sentence);
    this.#told = news;
  }

  #sentence(status: Sight, before: Sight | undefined): string | undefined {
    const { id, role, serving, leader, candidacy, doubt } = status;
    const group = this.#group;
    if (role === 'leader') {
      return serving
        ? `leads the ${group} group`
        : `is elected by the ${group} group, not serving yet`;
    }
    const reason = leader === undefined ? candidacy?.failure?.reason : undefined;
    if (reason === 'unacknowledged' || reason === 'unattended') {
      return `no longer leads the ${group} group: ${losses[reason]}`;
    }
    if (before?.role === 'leader') return `no longer leads the ${group} group`;
    if (role === 'learner' && doubt && leader === undefined && reason !== 'doubtful') {
      const { afterSeq, throughSeq } = doubt;
      const places = `after ${afterSeq}${throughSeq === undefined ? '' : ` through ${throughSeq}`}`;
      return `has no vote in the ${group} group yet: it may have held entries ${places}, and needs the other members to know`;
    }
    if (reason) return `cannot lead the ${group} group: ${failures[reason]}`;
    if (role === 'learner') return `has no vote in the ${group} group yet: fetches what it missed`;
    return leader === undefined || leader === id ? undefined : `follows ${leader}`;
  }

  #tell({ epoch, logEnd }: Sight, sentence: string): void {
    this.#logger.info({ group: this.#group, epoch, logEnd: logEnd.seq }, sentence);
  }
}
