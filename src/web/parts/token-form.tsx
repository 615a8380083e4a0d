/**
 * Asks for the administrator's token. The page sends it only to the store, and drops it when it closes.
 */
import { useState } from 'preact/hooks';

interface TokenProps {
  /** What needs the token, as a sentence. */
  readonly why: string;
  /** The words on the button. */
  readonly action: string;
  readonly isBusy: boolean;
  readonly give: (token: string) => void;
}

export function TokenForm({ why, action, isBusy, give }: TokenProps) {
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
        {why} The token lies in <code>admin.token</code> in the store's data folder.
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
          {action}
        </button>
      </div>
    </form>
  );
}
