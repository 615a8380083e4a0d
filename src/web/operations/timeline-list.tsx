/** The events of the services, newest first, with the time without a leader. */
import { useState } from 'preact/hooks';
import { count, duration, timeOfDay } from '../model/format.js';
import type { Entry } from '../model/timeline.js';
import { useCell } from '../store/cell.js';
import { timeline } from '../store/feed.js';

const shownAtFirst = 12;

export function TimelineList() {
  const { entries } = useCell(timeline);
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? entries : entries.slice(0, shownAtFirst);
  return (
    <section class="panel timeline" aria-labelledby="timeline-name">
      <h2 id="timeline-name">Timeline</h2>
      {entries.length === 0 && <p class="quiet">No events yet.</p>}
      <div role="log" aria-labelledby="timeline-name" aria-relevant="additions">
        <ol>
          {shown.map((entry) => (
            <Line key={entry.id} entry={entry} />
          ))}
        </ol>
      </div>
      {shown.length < entries.length && (
        <button type="button" class="plain wide" onClick={() => setWhole(true)}>
          Show all {count(entries.length)}
        </button>
      )}
    </section>
  );
}

function Line({ entry: { at, kind, text, outageMs } }: { entry: Entry }) {
  return (
    <li class={`happening ${kind}`}>
      <time dateTime={at}>{timeOfDay(at)}</time>
      <span class="happening-dot" aria-hidden="true" />
      <span class="happening-text">{text}</span>
      {outageMs !== undefined && (
        <span class="outage">
          <span class="unseen">, after an </span>
          {duration(outageMs)} outage
        </span>
      )}
    </li>
  );
}
