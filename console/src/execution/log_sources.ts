/** Which of the logs of a visit to look into first. */

interface Source {
  attempt: number;
  container: string;
}

/** Those of the newest attempt. What a process says of its failure it says on stderr. */
export function likeliest<Of extends Source>(sources: readonly Of[], hasFailed: boolean): Of[] {
  const newest = Math.max(...sources.map(({ attempt }) => attempt));
  const found = sources.filter(({ attempt }) => attempt === newest);
  const isFirst = ({ container }: Source) => hasFailed && container === "stderr";
  return [...found.filter(isFirst), ...found.filter((source) => !isFirst(source))];
}
