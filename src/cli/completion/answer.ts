/** Answers a shell's completion request. The scripts of earlier builds use another flag. */
import { basename } from 'node:path';
import type { Io } from '../output/io.js';
import type { Entry } from '../parsing/command.js';
import { type Offer, offersFor } from './offers.js';
import { filesMark, shells } from './scripts.js';
import { serviceNames } from './service-names.js';

const askedBefore = '--get-yargs-completions';

/** @param args `--completions=fish kill ''`, or `--get-yargs-completions bazar kill ''`. */
export function answerShell(args: readonly string[], entries: readonly Entry[], io: Io): void {
  const [asked = '', ...rest] = args;
  const isOld = asked === askedBefore;
  const words = isOld && basename(rest[0] ?? '') === 'bazar' ? rest.slice(1) : rest;
  const offers = offersFor(words, entries, (what, typed) =>
    what === 'shells' ? shells : serviceNames(typed, io.env),
  );
  // An earlier script completes paths if the answer is empty.
  if (offers === 'files') io.out(isOld ? '' : `${filesMark}\n`);
  else io.out(offers.map((offer) => `${lineFor(asked, offer)}\n`).join(''));
}

function lineFor(asked: string, { word, meaning }: Offer): string {
  if (meaning === '') return word;
  if (asked.endsWith('=fish')) return `${word}\t${meaning}`;
  if (asked.endsWith('=zsh')) return `${word.replaceAll(':', '\\:')}:${meaning}`;
  return word;
}
