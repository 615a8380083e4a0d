/** The plan of a simulated run: its profile, and the faults that are injected. */
import type { Fault } from './faults.js';
import type { Profile } from './profile.js';

/** What a seed decides. */
export interface Plan {
  readonly profile: Profile;
  readonly faults: readonly Fault[];
}
