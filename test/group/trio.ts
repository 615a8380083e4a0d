/** Three members of one group with production hosts and peers, on a network in memory. */
import { required } from '../../src/base/assert.js';
import { silentLogger } from '../../src/base/logging.js';
import { seededRandom } from '../../src/base/random.js';
import type { SnapshotMark } from '../../src/consensus/messages.js';
import type { Entry } from '../../src/consensus/types.js';
import { GroupHost } from '../../src/group/host.js';
import { RpcPeers } from '../../src/group/rpc-peers.js';
import { authenticatedHandler, type HandshakeOptions } from '../../src/net/handshake.js';
import { RpcServer } from '../../src/net/rpc-server.js';
import { MemoryNetwork } from '../support/memory-transport.js';
import { MemoryJournal } from './memory-journal.js';
import {
  type MemorySnapshot,
  memorySnapshots,
  packPieces,
  unpackPieces,
} from './memory-snapshots.js';
import { Register } from './register.js';
import { SettlingClock } from './settling-clock.js';

const frameBytesMax = 1024 * 1024;
const start: SnapshotMark = { seq: 0, epoch: 0, time: 0 };

export interface MemberOptions {
  readonly isRecoveryServer?: boolean;
}

/**
 * One member: its durable parts (journal, snapshot, learner), and the parts that a restart creates.
 */
export class TrioMember {
  readonly id: string;
  readonly isRecoveryServer: boolean;
  machine = new Register();
  journal = new MemoryJournal();
  snapshot: MemorySnapshot | undefined;
  /** How long its disk takes for a part of the snapshot, and how often it was begun with one. */
  partMs = 0;
  snapshotsBegun = 0;
  learner = false;
  incarnation = 1;
  applied: Entry[] = [];
  #host: GroupHost<string> | undefined;
  peers: RpcPeers | undefined;
  server: RpcServer | undefined;

  constructor(id: string, isRecoveryServer: boolean) {
    this.id = id;
    this.isRecoveryServer = isRecoveryServer;
  }

  get host(): GroupHost<string> {
    return required(this.#host, 'a running host');
  }

  set host(host: GroupHost<string>) {
    this.#host = host;
  }
}

export class Trio {
  readonly clock = new SettlingClock();
  readonly network = new MemoryNetwork(this.clock);
  readonly members: readonly TrioMember[];
  #seed = 1;

  readonly #gated: boolean;

  constructor(recoveryServers: readonly string[] = [], gated = false) {
    this.#gated = gated;
    this.members = ['a', 'b', 'c'].map((id) => new TrioMember(id, recoveryServers.includes(id)));
  }

  member(id: string): TrioMember {
    return required(
      this.members.find((member) => member.id === id),
      `member ${id}`,
    );
  }

  async open(): Promise<void> {
    for (const { id } of this.members) await this.start(id);
    await this.clock.advance(200);
  }

  async start(id: string): Promise<void> {
    const member = this.member(id);
    member.machine = new Register();
    member.applied = [];
    if (member.snapshot) member.machine.restore(unpackPieces(member.snapshot.bytes));
    const handshake: HandshakeOptions = {
      identity: { role: 'order', id, incarnation: `${id}${member.incarnation}` },
      ...{ cluster: 'test', group: 'order', token: 'secret' },
      clock: this.clock,
      random: seededRandom(this.#seed++),
    };
    const peers = new RpcPeers({
      id,
      members: this.members.map((other) => ({
        id: other.id,
        address: { host: other.id, port: 1 },
      })),
      handshake,
      transport: this.network.transport(id),
      clock: this.clock,
      random: seededRandom(this.#seed++),
    });
    const host = this.#newHost(member, peers);
    await host.start();
    const server = new RpcServer({
      newHandler: () =>
        authenticatedHandler(handshake, (_session, peer) => ({
          request: () => {},
          notification: (session, method, params) =>
            void peers.notification(session, peer, method, params),
          closed: (session) => peers.closed(session, peer),
        })),
      clock: this.clock,
      trusted: false,
      frameBytesMax,
    });
    await server.listen(this.network.transport(id), { host: id, port: 1 });
    Object.assign(member, { host, peers, server });
  }

  #newHost(member: TrioMember, peers: RpcPeers): GroupHost<string> {
    return new GroupHost<string>({
      id: member.id,
      voters: this.members.map(({ id }) => id),
      recoveryServers: this.members
        .filter(({ isRecoveryServer }) => isRecoveryServer)
        .map(({ id }) => id),
      learner: member.learner,
      incarnation: `${member.id}${member.incarnation}`,
      journal: member.journal,
      machine: member.isRecoveryServer ? undefined : member.machine,
      base: member.snapshot?.mark ?? start,
      clock: this.clock,
      logger: silentLogger,
      peers,
      gated: this.#gated,
      applied: (entry) => member.applied.push(entry),
      admitted: () => {
        member.learner = false;
        return Promise.resolve();
      },
      snapshots: memorySnapshots({
        partBytes: 1024 * 1024,
        newest: () => {
          member.snapshotsBegun += 1;
          return member.snapshot;
        },
        wait: () => {
          if (member.partMs === 0) return Promise.resolve();
          return new Promise((resolve) => this.clock.after(member.partMs, resolve));
        },
        install: async (snapshot) => {
          member.snapshot = snapshot;
          member.machine.restore(unpackPieces(snapshot.bytes));
        },
      }),
    });
  }

  /** The process dies: its sockets close, its memory is gone. */
  async crash(id: string): Promise<void> {
    const member = this.member(id);
    member.host.stop();
    member.peers?.close();
    await member.server?.close();
    member.journal = new MemoryJournal(member.journal.disk);
    await this.clock.settle();
  }

  /** A new disk: a new incarnation, without a vote. */
  wipe(id: string): void {
    const member = this.member(id);
    member.journal = new MemoryJournal();
    member.snapshot = undefined;
    member.learner = true;
    member.incarnation += 1;
  }

  /** What is applied becomes the snapshot, and the journal before it is dropped. */
  async compact(id: string): Promise<void> {
    const member = this.member(id);
    const { seq, epoch, time } = required(member.applied.at(-1), 'an applied entry');
    const bytes = packPieces(member.machine.snapshot());
    member.snapshot = { mark: { seq, epoch, time }, bytes };
    await member.journal.dropBefore(seq + 1);
  }

  async elect(id: string): Promise<void> {
    this.member(id).host.nominate(id);
    await this.clock.advance(100);
  }

  async close(): Promise<void> {
    for (const { id } of this.members) await this.crash(id);
  }
}
