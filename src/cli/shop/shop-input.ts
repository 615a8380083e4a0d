/**
 * How the shop talks with a customer: choices, questions, answers. One door is a terminal with
 * prompts, the other a pipe of lines.
 */
export interface Choice {
  /** What is typed: 1 … 5. */
  readonly key: string;
  readonly label: string;
}

export function menuLine(choices: readonly Choice[]): string {
  return choices.map(({ key, label }) => `${label} [${key}]`).join('  ');
}

export interface ShopInput {
  /** The key of a choice, undefined where the customer has left. */
  choose(choices: readonly Choice[]): Promise<string | undefined>;
  /** What was typed; undefined where the customer has left, or takes the question back. */
  ask(question: string): Promise<string | undefined>;
  /** Shows what was asked for. */
  show(text: string): void;
  /** Says what went wrong. */
  complain(text: string): void;
  close(): void;
}
