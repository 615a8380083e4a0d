/**
 * What frontends may keep of answers (docs/PROTOCOL.md, R8): the catalog leader lends whatever no
 * undecided entry touches, and the next entry that touches it invalidates it first. Another replica
 * has asked the leader before it answers a frontend. Invariant: what may be kept was lent in the
 * same turn in which nothing undecided touched it, at the answer's position or before.
 */
import { BazarError } from '../../base/errors.js';
import { type GrantAnswer, type GrantParams, unusedIds } from '../../wire/internal.js';
import type { CoherentStore } from './coherent-store.js';

/** Says of what is answered now whether it may be kept. */
export interface Grantor {
  /** The leader that will say when it changes; 0: nothing may be kept. */
  readonly epoch: number;
  id(id: number): boolean;
  name(name: string): boolean;
  topic(topic: string): boolean;
}

export const noGrantor: Grantor = {
  epoch: 0,
  id: () => false,
  name: () => false,
  topic: () => false,
};

/** At a leader, for answers of this very turn. */
export function grantorHere(store: CoherentStore): Grantor | undefined {
  const { epoch, serving } = store.status();
  if (!serving) return undefined;
  return {
    epoch,
    id: (id) => grantId(store, id),
    name: (name) => grantName(store, name),
    topic: (topic) => grantTopic(store, topic),
  };
}

/** The same, told by the leader; for answers that hold what it had applied by then. */
export function grantorThere([ids, names, topics]: GrantParams, answer: GrantAnswer): Grantor {
  const [epoch, , keptIds, keptNames, keptTopics] = answer;
  const kept = {
    ids: new Set(ids.filter((_id, place) => keptIds[place])),
    names: new Set(names.filter((_name, place) => keptNames[place])),
    topics: new Set(topics.filter((_topic, place) => keptTopics[place])),
  };
  return {
    epoch,
    id: (id) => kept.ids.has(id),
    name: (name) => kept.names.has(name),
    topic: (topic) => kept.topics.has(topic),
  };
}

/** The leader's answer to another replica. */
export function grant(store: CoherentStore, [ids, names, topics]: GrantParams): GrantAnswer {
  const grantor = grantorHere(store);
  if (!grantor) throw new BazarError('unavailable', 'only a leader lends');
  return [
    grantor.epoch,
    store.machine.appliedSeq,
    ids.map((id) => grantor.id(id)),
    names.map((name) => grantor.name(name)),
    topics.map((topic) => grantor.topic(topic)),
  ];
}

function grantId({ machine, gates }: CoherentStore, id: number): boolean {
  const record = machine.byId(id);
  const name = record?.[1];
  // That there is none is kept for all such ids together: who adds may give away any of them.
  const isAbsent = record === undefined;
  if (isAbsent && !gates.isCacheable(unusedIds, undefined)) return false;
  // Both ways: a pending purchase by name may hit a record that had another id at its append.
  if (!gates.isCacheable(id, name)) return false;
  return gates.grant(id, name);
}

function grantName({ machine, gates }: CoherentStore, asked: string): boolean {
  const [id, name = asked] = machine.byName(asked) ?? [];
  if (!gates.isCacheable(id, asked)) return false;
  return name === asked ? gates.grant(id, name) : gates.grant(id, name, asked);
}

function grantTopic({ gates }: CoherentStore, topic: string): boolean {
  return gates.isTopicCacheable(topic) && gates.grantTopic(topic);
}
