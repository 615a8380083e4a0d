/** Prints for each seeded bug after how many seeds it is noticed, and by what: a Markdown table. */
import { allMutations, catchMutation } from './mutations.js';

export async function runMutations(only: string | undefined, seedsMax: number): Promise<number> {
  const mutations = allMutations().filter(({ name }) => only === undefined || name === only);
  process.stdout.write(
    '| rule broken | switch | seeds | noticed as |\n| --- | --- | ---: | --- |\n',
  );
  let missed = 0;
  for (const mutation of mutations) {
    process.stderr.write(`${mutation.name}\n`);
    const { seeds, problem } = await catchMutation(mutation, seedsMax);
    if (seeds === undefined) missed += 1;
    const row = [mutation.rule, mutation.name, `${seeds ?? 'none'}`, problem.split(':')[0] ?? ''];
    process.stdout.write(`| ${row.join(' | ')} |\n`);
  }
  process.stderr.write(`${mutations.length - missed} of ${mutations.length} are noticed\n`);
  return missed === 0 ? 0 : 1;
}
