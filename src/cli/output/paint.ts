/**
 * Colours text on a terminal by its tone. A tone is a meaning, not a colour. Without colour the
 * text is unchanged, so the tone must not be the only source of information.
 */
export type Tone = 'strong' | 'faint' | 'good' | 'doubtful' | 'bad';

const codes: Readonly<Record<Tone, readonly [on: number, off: number]>> = {
  strong: [1, 22],
  faint: [2, 22],
  good: [32, 39],
  doubtful: [33, 39],
  bad: [31, 39],
};

export function paint(io: { readonly color: boolean }, tone: Tone, text: string): string {
  if (!io.color) return text;
  const [on, off] = codes[tone];
  return `\x1b[${on}m${text}\x1b[${off}m`;
}
