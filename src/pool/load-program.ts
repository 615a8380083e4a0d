/**
 * Loads the module of a program and checks its export before it is used.
 */
import { BazarError } from '../base/errors.js';
import type { ProgramFactory } from './types.js';

export async function loadProgram(address: string): Promise<ProgramFactory> {
  const { program }: { program?: unknown } = await import(address);
  if (typeof program !== 'function') {
    throw new BazarError('internal', `${address} exports no program`);
  }
  return program as ProgramFactory;
}
