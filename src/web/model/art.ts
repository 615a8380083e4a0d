/**
 * A cover for a product without a picture: quarter circles on a small grid, chosen by its id, in its
 * topic's hue. Pure: the same product always looks the same.
 */
export interface Art {
  /** Degrees. */
  readonly hue: number;
  /** SVG paths in a square of 3 × 3 units. */
  readonly paths: readonly { readonly shape: string; readonly tone: 0 | 1 | 2 }[];
}

const side = 3;

export function artOf(id: number, topic: string): Art {
  let state = mixed(id + 1);
  const next = (choices: number): number => {
    state = mixed(state);
    return state % choices;
  };
  const paths = Array.from({ length: side * side }, (_none, cell) => {
    const shape = quarter(cell % side, Math.floor(cell / side), next(4));
    return { shape, tone: next(3) as 0 | 1 | 2 };
  });
  return { hue: hueOf(topic), paths };
}

/** Uses the golden angle, so that a few topics get distinct hues. */
function hueOf(topic: string): number {
  let sum = 0;
  for (const letter of topic) sum = mixed(sum ^ (letter.codePointAt(0) ?? 0));
  return Math.round(((sum % 997) * 137.508) % 360);
}

/** A quarter disc that fills its cell from one corner. */
function quarter(x: number, y: number, corner: number): string {
  const [cx, cy] = [x + (corner % 2), y + Math.floor(corner / 2)];
  const [ax, by] = [x + 1 - (corner % 2), y + 1 - Math.floor(corner / 2)];
  const sweep = corner === 0 || corner === 3 ? 1 : 0;
  return `M${cx} ${cy}L${ax} ${cy}A1 1 0 0 ${sweep} ${cx} ${by}Z`;
}

/** A step of integer noise (a 32-bit multiply and xorshift). */
function mixed(value: number): number {
  const once = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (Math.imul(once ^ (once >>> 12), 0x297a2d39) ^ (once >>> 15)) >>> 0;
}
