/** What the address of a version's page says beside its number. */

export const SHOWN = ["graph", "text", "differences"] as const;

/** `against`: the number of the version that it is compared with; without it, what is stored now. */
export interface VersionSearch {
  shown?: (typeof SHOWN)[number];
  against?: number;
}

export function readVersionSearch({ shown, against }: Record<string, unknown>): VersionSearch {
  const found = SHOWN.find((each) => each === shown);
  return {
    ...(found ? { shown: found } : {}),
    ...(Number.isSafeInteger(against) ? { against: against as number } : {}),
  };
}
