/** A tiny state machine: it remembers the commands it was given, in order. */
import type { Entry, StateMachine } from '../../src/consensus/types.js';

export class Register implements StateMachine<string> {
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

  snapshot(): unknown {
    return this.values;
  }

  restore(snapshot: unknown): void {
    this.values = [...(snapshot as string[])];
  }

  invariants(): void {}
}

export function command(text: string): Uint8Array {
  return Buffer.from(text);
}
