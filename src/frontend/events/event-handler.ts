/**
 * Collects a frontend's live events at its owner: the timeline of the members and the catalog's
 * changes. Numbers them, keeps them for a limited time, and sends them to the threads while any
 * thread has listeners. Does not depend on the stream format. Invariant: without listeners the
 * catalog sends no changes and no thread gets events.
 */
import type { Clock } from '../../base/clock.js';
import type { Changes } from '../../wire/internal.js';
import type { ReplicaClient } from '../replica-client.js';
import type { Leaders } from '../requests/backends.js';
import type { EventBatch } from '../types.js';
import { ChangeSubscription } from './change-subscription.js';
import { type EventKind, EventLog, type EventName } from './event-log.js';
import { type Led, type Sight, Timeline } from './timeline.js';

/** A thread with listeners reports them more often than this. */
const listeningMs = 5_000;

export interface LiveEventsOptions {
  readonly clock: Clock;
  /** Distinguishes this run of the frontend process from others. */
  readonly life: string;
  /** Sends new events to every thread. */
  readonly publish: (batch: EventBatch) => void;
  /** Called at each new lead. */
  readonly led?: Led;
}

export class LiveEvents {
  readonly #options: LiveEventsOptions;
  readonly #log: EventLog;
  readonly #timeline: Timeline;
  readonly #changes: ChangeSubscription;
  #catalogClient: ReplicaClient | undefined;
  #published = 0;
  #scheduled = false;
  #listeningUntilMs = 0;

  constructor(options: LiveEventsOptions) {
    this.#options = options;
    this.#log = new EventLog(options.life);
    this.#timeline = new Timeline((name, data) => this.#add(name, data), options.led);
    this.#changes = new ChangeSubscription((name, data) => this.#add(name, data));
  }

  /** Called after each round of the watch. */
  saw(leaders: Leaders, sights: readonly Sight[], catalogClient: ReplicaClient | undefined): void {
    const { clock } = this.#options;
    const at = new Date(clock.wallMs()).toISOString();
    this.#timeline.saw(leaders, sights, { nowMs: clock.nowMs(), at });
    this.#catalogClient = catalogClient;
    this.#follow();
  }

  /** Records an event of a service that the timeline does not watch. */
  happened(name: EventKind, data: Readonly<Record<string, unknown>>): void {
    this.#add(name, data);
  }

  changed(name: string, changes: Changes): void {
    this.#changes.changed(name, changes);
  }

  lost(name: string): void {
    this.#changes.lost(name);
  }

  /** A thread has listeners. */
  listening(): void {
    this.#listeningUntilMs = this.#options.clock.nowMs() + listeningMs;
    this.#follow();
  }

  /** The start position of a new listener, and the events to send it first. */
  begin(lastId: string | null, withHistory: boolean): EventBatch {
    this.listening();
    // A new listener starts after the events already sent to the threads.
    this.#publish();
    return lastId === null ? this.#log.begin(withHistory) : this.#log.resume(lastId);
  }

  get #isListening(): boolean {
    return this.#options.clock.nowMs() < this.#listeningUntilMs;
  }

  #follow(): void {
    this.#changes.follow(this.#catalogClient, this.#isListening);
  }

  #add(name: EventName, data: unknown): void {
    this.#log.add(name, data);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.clock.afterTurn(() => {
      this.#scheduled = false;
      this.#publish();
    });
  }

  #publish(): void {
    if (this.#published === this.#log.last) return;
    const batch = this.#log.since(this.#published);
    this.#published = this.#log.last;
    if (this.#isListening) this.#options.publish(batch);
  }
}
