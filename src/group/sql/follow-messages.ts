/**
 * The messages between the members of a group whose log is in a database (docs/SQL-ENGINE.md): a follower
 * keeps one `log_follow` open at its leader, and asks `log_position` for each read. Fields are positional.
 */
import type { Entry } from '../../consensus/types.js';
import { isInteger } from '../../wire/shapes.js';

export const followMethod = 'log_follow';
export const positionMethod = 'log_position';

/** The last entry that the follower has. */
export type FollowParams = readonly [seq: number, epoch: number];

export type EntryFields = readonly [seq: number, epoch: number, time: number, command: Uint8Array];

export type FollowAnswer =
  /**
   * Visible entries that follow the follower's last one, none if there was none in time. `healthy`: a
   * frontend checks the leader and its database answers it.
   */
  | readonly ['entries', epoch: number, visible: number, healthy: boolean, entries: EntryFields[]]
  /** The entries after the follower's last one are in the database, through this one at least. */
  | readonly ['in_database', epoch: number, through: number, healthy: boolean]
  /** The follower's last entry is not in the leader's log. */
  | readonly ['diverged'];

/** Every entry that any replica has shown is at or below this one. */
export type PositionAnswer = number;

export function toFields({ seq, epoch, time, command }: Entry): EntryFields {
  return [seq, epoch, time, command];
}

export function toEntry([seq, epoch, time, command]: EntryFields): Entry {
  return { seq, epoch, time, command };
}

export function isFollowParams(value: unknown): value is FollowParams {
  return Array.isArray(value) && value.length === 2 && value.every(isInteger);
}

export function isFollowAnswer(value: unknown): value is FollowAnswer {
  if (!Array.isArray(value)) return false;
  const [kind, epoch, position, healthy, entries] = value as unknown[];
  if (kind === 'diverged') return true;
  if (!isInteger(epoch) || !isInteger(position) || typeof healthy !== 'boolean') return false;
  if (kind === 'in_database') return true;
  return kind === 'entries' && Array.isArray(entries) && entries.every(isEntry);
}

function isEntry(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [seq, epoch, time, command] = value as unknown[];
  return isInteger(seq) && isInteger(epoch) && isInteger(time) && command instanceof Uint8Array;
}
