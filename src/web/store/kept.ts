/** What this browser keeps for the page. A browser that keeps nothing is no reason to fail. */

export function keptText(name: string): string | null {
  try {
    return localStorage.getItem(`bazar.${name}`);
  } catch {
    return null;
  }
}

export function keepText(name: string, text: string | undefined): void {
  try {
    if (text === undefined) localStorage.removeItem(`bazar.${name}`);
    else localStorage.setItem(`bazar.${name}`, text);
  } catch {
    // It is kept until the page is left, then.
  }
}
