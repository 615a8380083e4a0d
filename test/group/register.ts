/** A tiny state machine: it remembers the commands it was given, in order. */
import type { Entry, SnapshotMachine } from '../../src/consensus/types.js';

export class Register implements SnapshotMachine<string> {
  values: string[] = [];

  apply(entry: Entry): string {
    if (entry.command.length === 0) return '';
    const value = Buffer.from(entry.command).toString();
    this.values.push(value);
    return `${this.values.length}:${value}`;
  }

  hash(): string {
    return this.values.join(',');
  }

  snapshot(): Iterable<Uint8Array> {
    return this.values.map((value) => Buffer.from(value));
  }

  restore(pieces: Iterable<Uint8Array>): void {
    this.values = [...pieces].map((piece) => Buffer.from(piece).toString());
  }

  invariants(): void {}
}

export function command(text: string): Uint8Array {
  return Buffer.from(text);
}
