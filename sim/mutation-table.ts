/** Prints a Markdown table: after how many seeds each seeded bug is noticed, and by which checker. */
import type { Aim } from './aims.js';
import { allMutations, catchMutation } from './mutations.js';

export async function runMutations(
  only: string | undefined,
  seedsMax: number,
  aim: Aim | undefined,
): Promise<number> {
  const mutations = allMutations()
    .filter(({ name }) => only === undefined || name === only)
    .map((one) => (aim ? { ...one, options: { ...one.options, aim } } : one));
  process.stdout.write(
    '| rule broken | switch | aim | seeds | noticed as |\n| --- | --- | --- | ---: | --- |\n',
  );
  let missed = 0;
  for (const mutation of mutations) {
    process.stderr.write(`${mutation.name}\n`);
    const { seeds, problem } = await catchMutation(mutation, seedsMax);
    if (seeds === undefined) missed += 1;
    const { rule, name, options } = mutation;
    const noticed = [`${seeds ?? 'none'}`, problem.split(':')[0] ?? ''];
    const row = [rule, name, options.aim ?? '', ...noticed];
    process.stdout.write(`| ${row.join(' | ')} |\n`);
  }
  process.stderr.write(`${mutations.length - missed} of ${mutations.length} are noticed\n`);
  return missed === 0 ? 0 : 1;
}
