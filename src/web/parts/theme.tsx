/** Light or dark: the system's setting until the visitor chooses, then the visitor's choice. */
import { useEffect } from 'preact/hooks';
import { cell, useCell } from '../store/cell.js';
import { keepText, keptText } from '../store/kept.js';
import { MoonIcon, SunIcon } from './icons.js';

export type Theme = 'light' | 'dark';

const system = matchMedia('(prefers-color-scheme: dark)');
const systemTheme = (): Theme => (system.matches ? 'dark' : 'light');

function chosenTheme(): Theme | undefined {
  const text = keptText('theme');
  return text === 'light' || text === 'dark' ? text : undefined;
}

/** The current theme. */
export const theme = cell<Theme>(chosenTheme() ?? systemTheme());

export function startTheme(): void {
  const show = (now: Theme): void => {
    document.documentElement.dataset.theme = now;
  };
  show(theme.get());
  theme.watch(show);
}

export function ThemeToggle() {
  const now = useCell(theme);
  useEffect(() => {
    const follow = (): void => {
      if (!chosenTheme()) theme.set(systemTheme());
    };
    system.addEventListener('change', follow);
    return () => system.removeEventListener('change', follow);
  }, []);
  const other: Theme = now === 'dark' ? 'light' : 'dark';
  const choose = (): void => {
    keepText('theme', other === systemTheme() ? undefined : other);
    theme.set(other);
  };
  const label = `Switch to ${other} colours`;
  return (
    <button
      type="button"
      class="plain theme-toggle"
      onClick={choose}
      aria-label={label}
      title={label}
    >
      {now === 'dark' ? <SunIcon /> : <MoonIcon />}
    </button>
  );
}
