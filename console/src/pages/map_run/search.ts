/** What the address of a Map Run's page says: which of its child executions are listed. */

export interface MapRunSearch {
  status?: string;
}

export const readMapRunSearch = ({ status }: Record<string, unknown>): MapRunSearch =>
  typeof status === "string" && status !== "" ? { status } : {};
