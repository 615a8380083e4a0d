/** The page's data in this browser's storage. The page also works if the browser stores nothing. */

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
    // Then the data last until the visitor leaves the page.
  }
}
