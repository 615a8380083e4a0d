/**
 * Waits for states of one group, as the fleet's status reports them: a leader, further purchases, a
 * member that is back. Injects no faults. Every wait has the fleet's limit.
 */
import { until } from '../test/e2e/until.js';
import { type Fleet, healsWithinMs, type MemberStatus } from './fleet.js';
import type { Recorder } from './recorder.js';

/** This many purchases show that the group sells; a member that lags by less counts as current. */
const purchases = 25;

export class GroupWatch {
  readonly #fleet: Fleet;
  readonly #group: MemberStatus['group'];
  readonly #recorder: Recorder;

  constructor(fleet: Fleet, group: MemberStatus['group'], recorder: Recorder) {
    this.#fleet = fleet;
    this.#group = group;
    this.#recorder = recorder;
  }

  async members(): Promise<readonly MemberStatus[]> {
    return (await this.#fleet.status()).filter(({ group }) => group === this.#group);
  }

  async member(name: string): Promise<MemberStatus | undefined> {
    return (await this.members()).find((one) => one.name === name);
  }

  leader(): Promise<string> {
    const find = async () => (await this.members()).find(({ role }) => role === 'leader')?.name;
    return until(`somebody leads the ${this.#group} group`, find, healsWithinMs);
  }

  isLedByAnother(former: string): Promise<boolean> {
    const look = async (): Promise<boolean> =>
      (await this.members()).some(({ role, name }) => role === 'leader' && name !== former);
    return until(`another than ${former} leads`, look, healsWithinMs);
  }

  sells(): Promise<boolean> {
    const { sold } = this.#recorder;
    const count = sold.size + purchases;
    return until('purchases go on', () => sold.size >= count, healsWithinMs);
  }

  isBack(name: string): Promise<boolean> {
    const isThere = async (): Promise<boolean> => {
      const all = await this.members();
      const one = all.find((member) => member.name === name);
      const commit = Math.max(...all.map((member) => member.commit));
      return one?.role === 'follower' && one.commit > 0 && one.commit + purchases > commit;
    };
    return until(`${name} is back`, isThere, healsWithinMs);
  }
}
