export async function runMutations(_only: string | undefined, _seeds: number): Promise<number> {
  return 0;
}
