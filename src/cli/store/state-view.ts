/** The state of a store in a database as tables for people. */
import type { Cell } from '../output/output.js';
import type { StoreState } from './store-state.js';

export interface ShownTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

const mib = 1024 * 1024;

export function describeState(state: StoreState): ShownTable[] {
  const { engine, server_version, schema, schema_version, bytes } = state;
  const size = bytes === null ? 'unknown' : `${(bytes / mib).toFixed(1)} MiB`;
  return [
    {
      head: ['STORE', state.cluster_id],
      rows: [
        ['server', `${engine} ${server_version}`],
        ['database', state.database],
        ['schema', `${schema}, version ${schema_version}, ${size}`],
        ['log end', `${state.log_end}`],
        ['tables at', `${state.applied_seq}, ${state.lag} behind`],
        ['last order', `${state.last_order}`],
      ],
    },
    {
      head: ['GROUP', 'LEADER', 'EPOCH'],
      rows: state.leaders.map(({ group, leader, epoch }) => [group, leader ?? 'none', epoch]),
    },
    {
      head: ['TABLE', 'ROWS'],
      rows: state.tables.map(({ table, rows, estimated }) => {
        if (rows === null) return [table, 'not readable'];
        return [table, estimated ? `about ${rows}` : rows];
      }),
    },
  ];
}
