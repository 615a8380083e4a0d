/**
 * Asks for the administrator's token. The page sends it only to the store, and drops it when it closes.
 */
import { useState } from 'preact/hooks';

export function TokenForm({ isBusy, give }: { isBusy: boolean; give: (token: string) => void }) {
  const [token, setToken] = useState('');
  return (
    <form
      class="token panel"
      onSubmit={(event) => {
        event.preventDefault();
        if (token.trim() !== '') give(token.trim());
      }}
    >
      <h2>For the administrator</h2>
      <p class="quiet">
        Recomputing the books reads every log. The token lies in <code>admin.token</code> in the
        store's data folder.
      </p>
      <div class="token-line">
        <label for="token">Admin token</label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          required
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <button type="submit" class="primary" aria-disabled={isBusy}>
          Open the books
        </button>
      </div>
    </form>
  );
}
