/**
 * The names of the dialects, in a file without the dialects, so that parsing a command line does
 * not load them.
 */
export const dialectNames = ['bazar', 'bazar-v2', 'bazar-hw1', 'pygmy', 'toystore'] as const;
export type DialectName = (typeof dialectNames)[number];

export function isDialectName(text: string): text is DialectName {
  return dialectNames.some((name) => name === text);
}
