const HARMLESS = /[^\w.-]+/g;
const LONGEST = 100;
/** By then the browser has read it. */
const READ_MILLIS = 60_000;

/** Of a name that may hold anything: letters, digits, dots and dashes, and none at its beginning that would hide the file. */
export function fileNameOf(name: string, kind: string): string {
  const clean = name
    .replaceAll(HARMLESS, "_")
    .replace(/^[.-]+/, "")
    .slice(0, LONGEST);
  return `${clean || "execution"}.${kind}`;
}

/** Hands a file to the browser, which asks where it goes. `type`: as HTTP has it. */
export function save(fileName: string, pieces: BlobPart[], type = "application/json"): void {
  const url = URL.createObjectURL(new Blob(pieces, { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), READ_MILLIS);
}
