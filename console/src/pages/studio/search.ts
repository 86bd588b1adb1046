/** What the address of a new state machine says: which blueprint it begins with. */
export interface NewSearch {
  blueprint?: string;
}

export const readNewSearch = ({ blueprint }: Record<string, unknown>): NewSearch =>
  typeof blueprint === "string" && blueprint !== "" ? { blueprint } : {};

/** What that of one that is there says: which place in its definition is looked at first. */
export interface EditSearch {
  at?: string;
}

export const readEditSearch = ({ at }: Record<string, unknown>): EditSearch => (typeof at === "string" ? { at } : {});
