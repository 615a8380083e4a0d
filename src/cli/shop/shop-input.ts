/**
 * The dialogue between the shop and a customer: choices, questions, answers. There are two
 * implementations: prompts on a terminal, and lines from a pipe.
 */
export interface Choice {
  /** The text to type: 1 … 5. */
  readonly key: string;
  readonly label: string;
}

export function menuLine(choices: readonly Choice[]): string {
  return choices.map(({ key, label }) => `${label} [${key}]`).join('  ');
}

export interface ShopInput {
  /** The key of a choice; undefined if the customer leaves. */
  choose(choices: readonly Choice[]): Promise<string | undefined>;
  /** The typed text; undefined if the customer leaves or cancels the question. */
  ask(question: string): Promise<string | undefined>;
  /** Shows a result. */
  show(text: string): void;
  /** Shows an error. */
  complain(text: string): void;
  close(): void;
}
