/** The state of every replica at the audit's entry; the replicas of a group must be equal. */
import { count } from '../model/format.js';
import type { Replica } from '../model/shapes.js';

const hashShown = 16;

export function ReplicaTable({ replicas }: { replicas: readonly Replica[] }) {
  return (
    <section class="panel" aria-labelledby="books-replicas">
      <h2 id="books-replicas">Replicas</h2>
      <p class="quiet">The hash of all state at the same entry of the log.</p>
      <div class="table-room">
        <table class="figures replicas">
          <thead>
            <tr>
              <th scope="col">Replica</th>
              <th scope="col">Entry</th>
              <th scope="col">State</th>
            </tr>
          </thead>
          <tbody>
            {replicas.map(({ name, seq, hash }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{count(seq)}</td>
                <td class="hash">{hash.slice(0, hashShown)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
