/** The dialects' names: apart from the dialects, so that a command line is read without them. */
export const dialectNames = ['bazar', 'bazar-v2', 'bazar-hw1', 'pygmy', 'toystore'] as const;
export type DialectName = (typeof dialectNames)[number];

export function isDialectName(text: string): text is DialectName {
  return dialectNames.some((name) => name === text);
}
