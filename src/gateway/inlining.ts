/**
 * How much V8 puts together when it compiles what runs all the time. A frontend answers a look-up in
 * a long chain of short functions, of which V8's own limits make many pieces that call each other.
 * Only how functions are compiled from here on is changed, not what they do. Node warns of options
 * that are set while a process runs, all the same: this is for processes that hold no data.
 */
import { setFlagsFromString } from 'node:v8';

/** Bytes of bytecode: of all that goes into one function, and of one that goes into another. */
export const inliningOptions: Readonly<Record<string, number>> = {
  'max-inlined-bytecode-size-cumulative': 4_000,
  'max-inlined-bytecode-size': 1_000,
};

/** For all threads of this process. A V8 that does not know an option says so on stderr, no more. */
export function inlineLongChains(set: (option: string) => void = setFlagsFromString): void {
  for (const [name, bytes] of Object.entries(inliningOptions)) set(`--${name}=${bytes}`);
}
