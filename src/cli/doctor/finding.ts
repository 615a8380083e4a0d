/** Result of one check. A problem prevents a store from running well; a doubt may do so. */
export interface Finding {
  /** What was checked, such as `ports`. */
  readonly check: string;
  readonly verdict: 'ok' | 'doubt' | 'problem';
  readonly detail: string;
}

export function ok(check: string, detail: string): Finding {
  return { check, verdict: 'ok', detail };
}

export function doubt(check: string, detail: string): Finding {
  return { check, verdict: 'doubt', detail };
}

export function problem(check: string, detail: string): Finding {
  return { check, verdict: 'problem', detail };
}
