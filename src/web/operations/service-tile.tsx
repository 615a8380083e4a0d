/**
 * One service of a group: its role, the progress of its log, and in a demonstration a button to kill it.
 */
import { useState } from 'preact/hooks';
import { count, percent } from '../model/format.js';
import type { Tile } from '../model/members.js';
import type { Frontend } from '../model/shapes.js';
import { announce } from '../parts/announcer.js';
import { demonstrate, isDemo } from '../store/api.js';

/** A lag at which the bar is full. */
const lagFull = 200;

export function ServiceTile({ tile }: { tile: Tile }) {
  const { name, kind, role, epoch, log_end: logEnd, commit, lag } = tile;
  const part = kind === 'recovery' && role === 'follower' ? 'recovery' : role;
  return (
    <li class={`tile ${role}`} aria-label={`${name}, ${part}`} data-name={name}>
      <header>
        <h3>{name}</h3>
        <span class={`badge ${role}`}>{part}</span>
      </header>
      <dl>
        <Figure name="Epoch" value={count(epoch)} />
        <Figure name="Log end" value={count(logEnd)} />
        <Figure name="Commit" value={count(commit)} />
        <Figure name="Lag" value={lag === undefined ? '–' : count(lag)} />
      </dl>
      <div class="lag" aria-hidden="true">
        <div style={{ width: `${Math.min(100, ((lag ?? 0) / lagFull) * 100)}%` }} />
      </div>
      {isDemo && <DemoButton tile={tile} />}
    </li>
  );
}

export function FrontendTile({ frontend }: { frontend: Frontend }) {
  const { name, cache, lease, state = 'up', http, requests, sessions = 0 } = frontend;
  const part = state === 'down' ? 'down' : lease.held === true ? 'lease held' : 'no lease';
  return (
    <li
      class={state === 'down' ? 'tile down' : 'tile frontend'}
      aria-label={`${name}, ${part}`}
      data-name={name}
    >
      <header>
        <h3>{name}</h3>
        <span class={part === 'lease held' ? 'badge up' : 'badge down'}>{part}</span>
      </header>
      {http !== undefined && <p class="tile-address">{http}</p>}
      <dl>
        <Figure name="Orders" value={count(requests?.orders ?? 0)} />
        <Figure name="Errors" value={count(requests?.failed ?? 0)} />
        <Figure name="Hit rate" value={percent(cache.hit_rate ?? 0)} />
        <Figure name="Sessions" value={count(sessions)} />
      </dl>
    </li>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function DemoButton({ tile: { name, role } }: { tile: Tile }) {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const command = role === 'down' ? 'start' : 'kill';
  const word = command === 'kill' ? 'Kill' : 'Start';

  const act = async (): Promise<void> => {
    if (isBusy) return;
    setBusy(true);
    setFailure(undefined);
    try {
      await demonstrate(command, name);
      announce(command === 'kill' ? `${name} was killed` : `${name} was started`);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      setFailure(words);
      announce(`${word} ${name}: ${words}`);
    }
    setBusy(false);
  };
  return (
    <footer>
      <button
        type="button"
        class={command === 'kill' ? 'danger small' : 'small'}
        aria-disabled={isBusy}
        onClick={() => void act()}
      >
        {word}
        <span class="unseen"> {name}</span>
      </button>
      {failure !== undefined && <p class="tile-failure">{failure}</p>}
    </footer>
  );
}
