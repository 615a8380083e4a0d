/** The operations view: latency and rates of customers, every service and its role, and events. */
import { useEffect } from 'preact/hooks';
import { count, listed, megabytes, percent, plural } from '../model/format.js';
import { type Group, groupsOf, servicesOf } from '../model/members.js';
import type { Status } from '../model/shapes.js';
import { isDemo } from '../store/api.js';
import { useCell } from '../store/cell.js';
import { silence, status, watchGauges } from '../store/gauges.js';
import { Plots } from './plots.js';
import { FrontendTile, ServiceTile } from './service-tile.js';
import { TimelineList } from './timeline-list.js';

const groupTitles = { catalog: 'Catalog', order: 'Orders' } as const;

export function Operations() {
  useEffect(watchGauges, []);
  const now = useCell(status);
  const why = useCell(silence);
  return (
    <div class="operations">
      <header class="view-head">
        <h1 tabIndex={-1}>Operations</h1>
        {now && <Summary status={now} />}
      </header>
      {why !== undefined && <p class="notice bad">Not up to date: {why}.</p>}
      {isDemo && (
        <p class="notice">
          This is a demonstration: kill a replica, and watch the others take over. The launcher
          starts it again after a moment.
        </p>
      )}
      <Plots />
      <div class="operations-columns">
        <div class="services">{now && <Services status={now} />}</div>
        <TimelineList />
      </div>
    </div>
  );
}

function Services({ status: now }: { status: Status }) {
  return (
    <>
      {groupsOf(now).map((group) => (
        <section key={group.name} aria-labelledby={`group-${group.name}`}>
          <GroupHead group={group} />
          <ul class="tiles">
            {group.tiles.map((tile) => (
              <ServiceTile key={tile.name} tile={tile} />
            ))}
          </ul>
        </section>
      ))}
      <section aria-labelledby="group-frontend">
        <FrontendsHead status={now} />
        <ul class="tiles">
          {now.frontends.map((frontend) => (
            <FrontendTile key={`${frontend.name} ${frontend.pid}`} frontend={frontend} />
          ))}
        </ul>
      </section>
    </>
  );
}

function FrontendsHead({ status: { totals } }: { status: Status }) {
  return (
    <header class="group-head">
      <h2 id="group-frontend">Frontends</h2>
      {totals && (
        <p class={totals.up === totals.frontends ? 'group-lead' : 'group-lead none'}>
          {count(totals.up)} of {count(totals.frontends)} up
        </p>
      )}
      {totals && (
        <p class="group-sum">
          {plural(totals.requests.orders, 'order', 'orders')},{' '}
          {plural(totals.requests.failed, 'error', 'errors')}, {percent(totals.cache.hit_rate ?? 0)}{' '}
          hits, {plural(totals.sessions, 'session', 'sessions')}, {megabytes(totals.rss_bytes)}
        </p>
      )}
    </header>
  );
}

function GroupHead({ group: { name, leader } }: { group: Group }) {
  return (
    <header class="group-head">
      <h2 id={`group-${name}`}>{groupTitles[name]}</h2>
      <p class={leader ? 'group-lead' : 'group-lead none'}>
        {leader ? `${leader.name} leads, epoch ${count(leader.epoch)}` : 'no leader'}
      </p>
    </header>
  );
}

function Summary({ status: now }: { status: Status }) {
  const { names, down } = servicesOf(now);
  const words =
    down.length === 0
      ? `All ${plural(names.length, 'service', 'services')} up`
      : `${listed(down)} ${down.length === 1 ? 'is' : 'are'} down`;
  return <p class={down.length === 0 ? 'summary good' : 'summary bad'}>{words}</p>;
}
