/** Small things that this browser keeps for a person. It may keep nothing: then all is as at the beginning. */

export function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // nobody may
  }
}

export function keep(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // nobody may, or there is too much
  }
}
