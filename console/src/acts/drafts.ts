/** What was typed as an input and not sent yet, by state machine, until the page is left: nothing of it is written anywhere. */

const MOST = 20;
const drafts = new Map<string, string>();

export const draftOf = (machine: string): string | null => drafts.get(machine) ?? null;

export function keepDraft(machine: string, input: string): void {
  drafts.delete(machine);
  drafts.set(machine, input);
  const [oldest] = drafts.keys();
  if (drafts.size > MOST && oldest !== undefined) drafts.delete(oldest);
}
