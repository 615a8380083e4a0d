/**
 * Decides which answers a frontend may cache (docs/PROTOCOL.md, R8). The catalog leader grants
 * every item that no undecided entry touches; the next entry that touches a granted item
 * invalidates it first. A follower asks the leader before it answers a frontend. Invariant: the
 * leader grants an answer in one turn, in which no undecided entry touches the item, and at or
 * before the position of the answer.
 */
import { BazarError } from '../../base/errors.js';
import { type GrantAnswer, type GrantParams, unusedIds } from '../../wire/internal.js';
import type { CoherentStore } from './coherent-store.js';

/** Tells whether a frontend may cache an answer. */
export interface Grantor {
  /** Epoch of the leader that invalidates the answer; 0 if the answer may not be cached. */
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

/**
 * Grantor of a follower, from the leader's answer. It holds for states that include the entries
 * which the leader had applied.
 */
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
  if (!grantor) throw new BazarError('unavailable', 'only a leader grants');
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
  // "No such product" is cached for all unused ids together, and a new product may take any of
  // them.
  const isAbsent = record === undefined;
  if (isAbsent && !gates.isCacheable(unusedIds, undefined)) return false;
  // Checks the id and the name: a pending purchase by name may hit a record that had another id
  // when the purchase was appended.
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
