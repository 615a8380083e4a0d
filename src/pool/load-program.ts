/** Loads the module of a program, whose export is checked before anything relies on it. */
import { BazarError } from '../base/errors.js';
import type { ProgramFactory } from './types.js';

export async function loadProgram(address: string): Promise<ProgramFactory> {
  const { program }: { program?: unknown } = await import(address);
  if (typeof program !== 'function') {
    throw new BazarError('internal', `${address} exports no program`);
  }
  return program as ProgramFactory;
}
