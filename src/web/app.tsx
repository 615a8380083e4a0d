/** The page around its views: navigation, and the state of the store. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { Books } from './books/books.js';
import { Operations } from './operations/operations.js';
import { Orders } from './orders/orders.js';
import { Announcer } from './parts/announcer.js';
import { AwningIcon } from './parts/icons.js';
import { ThemeToggle } from './parts/theme.js';
import { Products } from './products/products.js';
import { Shop } from './shop/shop.js';
import { useCell } from './store/cell.js';
import { connection } from './store/feed.js';

const views = [
  { path: '#/', name: 'Shop', view: Shop },
  { path: '#/operations', name: 'Operations', view: Operations },
  { path: '#/products', name: 'Products', view: Products },
  { path: '#/orders', name: 'Orders', view: Orders },
  { path: '#/books', name: 'Books', view: Books },
] as const;

export function App() {
  const here = useView();
  const main = useMovedFocus(here.path);
  const View = here.view;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href="#/">
          <AwningIcon />
          Bazar
        </a>
        <nav aria-label="Views">
          {views.map(({ path, name }) => (
            <a key={path} href={path} aria-current={path === here.path ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <ConnectionMark />
        <ThemeToggle />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <View />
      </main>
      <Announcer />
    </>
  );
}

const connectionWords = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'No live events',
} as const;

function ConnectionMark() {
  const state = useCell(connection);
  return (
    <p class={`connection ${state}`} role="status">
      <span class="dot" aria-hidden="true" />
      {connectionWords[state]}
    </p>
  );
}

/**
 * The view named by the address. An address that names no view, such as the skip link, changes nothing.
 */
function useView(): (typeof views)[number] {
  const named = (): (typeof views)[number] | undefined =>
    views.find(({ path }) => path === location.hash);
  const [view, setView] = useState(() => named() ?? views[0]);
  useEffect(() => {
    const follow = (): void => setView((before) => named() ?? before);
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return view;
}

/** A new view is a new page to a screen reader: sets its title, and the focus at its beginning. */
function useMovedFocus(path: string): { current: HTMLElement | null } {
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    const name = views.find((one) => one.path === path)?.name;
    document.title = `${name} · Bazar`;
    if (isFirst.current) isFirst.current = false;
    else {
      main.current?.querySelector<HTMLElement>('h1')?.focus();
      scrollTo(0, 0);
    }
  }, [path]);
  return main;
}
