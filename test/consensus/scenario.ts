/**
 * Runs a scenario document: blocks of commands, `----`, and the recorded state after them. A
 * reviewer reads a change of behaviour as a diff of these files.
 *
 *   group 1 2 3 [recovery 3]  the members; first of all
 *   nominate 1                an update_leader reaches member 1
 *   propose 1 x y             commands reach member 1, in one turn
 *   read 2                    a read is asked of member 2
 *   deliver [1 2]             every message under way arrives (from 1 to 2), its effects do not
 *   sync 1                    the disk of 1 has what was handed to it
 *   hang 1                    the disk of 1 hangs until its restart
 *   stabilize [ms]            everything arrives and is synced; then time passes
 *   partition 1 [2]           these hear only each other, and nobody is told · heal
 *   crash 1 · restart 1 · wipe 1 (a new disk, a new incarnation)
 */
import { required } from '../../src/base/assert.js';
import { Cluster } from './cluster.js';

export class Scenario {
  #cluster: Cluster | undefined;
  #reads = 0;

  /** The document again, with what happens now. */
  run(document: string): string {
    const blocks = document.trimEnd().split(/\n{2,}/);
    return `${blocks.map((block) => this.#block(block)).join('\n\n')}\n`;
  }

  #block(block: string): string {
    const [commands = ''] = block.split('\n----');
    const lines = commands.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    if (lines.length === 0) return block;
    const notes = lines.flatMap((line) => this.#command(line.trim().split(/\s+/)));
    const state = this.#required().describe();
    return [commands, '----', ...notes, state].join('\n');
  }

  #required(): Cluster {
    return required(this.#cluster, 'a group: the first command makes it');
  }

  /** Notes for the record, beside the state. */
  #command([name = '', ...words]: string[]): string[] {
    if (name === 'group') {
      this.#group(words);
      return [];
    }
    const cluster = this.#required();
    const [id = '', ...rest] = words;
    switch (name) {
      case 'nominate':
        cluster.nominate(id);
        return [];
      case 'propose':
        return rest.map((value) => {
          const seq = cluster.propose(id, value);
          return seq === undefined ? `${id} does not take ${value}` : `${value} is entry ${seq}`;
        });
      case 'read':
        this.#reads += 1;
        cluster.read(id, this.#reads);
        return this.#readNotes();
      case 'deliver':
        this.#deliver(id, rest[0]);
        return this.#readNotes();
      case 'sync':
        cluster.sync(id);
        return [];
      case 'hang':
        cluster.member(id).hung = true;
        return [];
      case 'stabilize':
        cluster.run(Number(id));
        return this.#readNotes();
      case 'partition':
        cluster.partition(words);
        return [];
      case 'heal':
        cluster.heal();
        return [];
      case 'crash':
        cluster.crash(id);
        return [];
      case 'restart':
        cluster.restart(id);
        return [];
      case 'wipe':
        cluster.wipe(id);
        return [];
      default:
        throw new Error(`unknown command ${name}`);
    }
  }

  #group(words: readonly string[]): void {
    const at = words.indexOf('recovery');
    const voters = words.filter((word) => word !== 'recovery');
    const unique = [...new Set(voters)];
    this.#cluster = new Cluster({
      voters: unique,
      recoveryServers: at < 0 ? [] : words.slice(at + 1),
    });
  }

  #deliver(from: string, to: string | undefined): void {
    const cluster = this.#required();
    const isChosen = (flight: { from: string; to: string }): boolean =>
      from === '' || (flight.from === from && flight.to === to);
    let count = cluster.network.filter(isChosen).length;
    for (; count > 0; count--) cluster.deliver(cluster.network.findIndex(isChosen));
  }

  #readNotes(): string[] {
    const notes: string[] = [];
    for (const member of this.#required().members.values()) {
      for (const [id, position] of member.reads) {
        notes.push(`read ${id} at ${member.id}: ${position ?? 'refused'}`);
      }
      member.reads.clear();
    }
    return notes;
  }
}
