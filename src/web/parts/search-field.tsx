/** The field that searches products. */
import { SearchIcon } from './icons.js';

export function SearchField({ text, onText }: { text: string; onText: (text: string) => void }) {
  return (
    <div class="search">
      <SearchIcon />
      <label class="unseen" for="search">
        Search products
      </label>
      <input
        id="search"
        type="search"
        placeholder="Search products"
        autocomplete="off"
        spellcheck={false}
        maxLength={200}
        value={text}
        onInput={(event) => onText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onText('');
        }}
      />
    </div>
  );
}
