/**
 * The import rules of the project: floors between the rooms, and no cycles. Type-only and lazy
 * imports count. `npm run check` runs them. A room is a folder; a file may import from its own room
 * and from rooms on lower floors.
 */

/** The rooms of src/, from the lowest floor to the highest. Rooms of one floor are independent. */
const floors = [
  ['base'],
  ['wire', 'consensus', 'checker'],
  ['storage', 'net', 'pool', 'database'],
  ['group'],
  ['catalog', 'order', 'recovery', 'frontend'],
  ['gateway', 'client'],
  ['cli'],
];

/**
 * The floors inside a room. A name without '.ts' is a folder; '*' is all other root files. The parts
 * of one floor are independent.
 */
const innerFloors = {
  catalog: [['machine'], ['coherence', 'streams', 'tables'], ['service']],
  frontend: [
    ['types.ts', 'answers.ts', 'replica-client.ts'],
    ['cache'],
    ['requests'],
    ['detector'],
    ['events'],
    ['*'],
  ],
};

/** Between rooms of one floor: the pool's relayed sessions implement the connection port. */
const exceptions = { pool: ['^src/net/types[.]ts$'] };

const inRooms = (rooms) => `^src/(${rooms.join('|')})/`;

const floorRules = floors.flatMap((rooms, floor) =>
  rooms.map((room) => {
    const lower = floors.slice(0, floor).flat();
    return {
      name: `floor-of-${room}`,
      comment: `src/${room} imports from itself and from the floors below it.`,
      severity: 'error',
      from: { path: inRooms([room]) },
      to: {
        path: '^(src|test|sim|chaos|bench)/',
        pathNot: [inRooms([room, ...lower]), ...(exceptions[room] ?? [])],
      },
    };
  }),
);

const partOf = (room, part) => {
  if (part === '*') return `^src/${room}/[^/]+$`;
  return part.endsWith('.ts') ? `^src/${room}/${part}$` : `^src/${room}/${part}/`;
};

const innerRules = Object.entries(innerFloors).flatMap(([room, levels]) =>
  levels.flatMap((parts, floor) =>
    parts.map((part) => {
      const lower = levels.slice(0, floor).flat();
      return {
        name: `floor-of-${room}-${part}`,
        comment: `${part} of src/${room} imports from itself and from the inner floors below it.`,
        severity: 'error',
        from: { path: partOf(room, part), pathNot: lower.map((it) => partOf(room, it)) },
        to: { path: inRooms([room]), pathNot: [part, ...lower].map((it) => partOf(room, it)) },
      };
    }),
  ),
);

export default {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'Two files that import each other cannot be read, tested or moved alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-room-without-floor',
      comment: 'Each folder of src/ has a floor in this file. src/web is built on its own.',
      severity: 'error',
      from: { path: '^src/', pathNot: [inRooms(floors.flat()), '^src/web/'] },
      to: {},
    },
    ...floorRules,
    ...innerRules,
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    // The swc parser of dependency-cruiser reads .ts without JSX and fails on .tsx, and its other
    // parser needs TypeScript below version 7. `vite build` and `tsc -p src/web` read the .tsx files.
    exclude: { path: '[.]tsx$' },
    includeOnly: { path: '^(src|sim|chaos|test|bench|scripts)/' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
