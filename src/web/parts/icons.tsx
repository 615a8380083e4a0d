/** The page's few icons. All are decoration: words beside them have the meaning. */
import type { ComponentChildren } from 'preact';

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export function AwningIcon() {
  return (
    <svg class="awning" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect class="awning-wall" width="32" height="32" rx="7" />
      <path
        class="awning-cloth"
        d="M6 9h20l2 6a3.3 3.3 0 0 1-6.6 0 3.3 3.3 0 0 1-5.4 2 3.3 3.3 0 0 1-5.4-2A3.3 3.3 0 0 1 4 15z"
      />
      <path class="awning-shop" d="M7 19.5h18V25H7z" />
    </svg>
  );
}

export function SearchIcon() {
  return (
    <Icon>
      <circle cx="10.5" cy="10.5" r="6" />
      <path d="m15 15 5.5 5.5" />
    </Icon>
  );
}

export function SunIcon() {
  return (
    <Icon>
      <circle cx="12" cy="12" r="4" />
      <path d="M12 2.5v2.6M12 18.9v2.6M2.5 12h2.6M18.9 12h2.6M5.3 5.3l1.8 1.8M16.9 16.9l1.8 1.8M5.3 18.7l1.8-1.8M16.9 7.1l1.8-1.8" />
    </Icon>
  );
}

export function MoonIcon() {
  return (
    <Icon>
      <path d="M20 14.2A8.3 8.3 0 0 1 9.8 4a8.3 8.3 0 1 0 10.2 10.2z" />
    </Icon>
  );
}

export function CheckIcon() {
  return (
    <Icon>
      <path d="m5 12.5 4.6 4.6L19 7.5" />
    </Icon>
  );
}

export function CrossIcon() {
  return (
    <Icon>
      <path d="m6.5 6.5 11 11m0-11-11 11" />
    </Icon>
  );
}
