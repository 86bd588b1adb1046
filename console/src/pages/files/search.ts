/** What the address of a file says: which one. */
export interface FileSearch {
  path: string;
}

export const readFileSearch = ({ path }: Record<string, unknown>): FileSearch => ({
  path: typeof path === "string" ? path : "",
});
