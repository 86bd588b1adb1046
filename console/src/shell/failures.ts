/** Why a page cannot be shown, as people tell reasons apart. */
import { ApiFailure, isUnavailable } from "../api/client";

/** `part`: of the console itself, that could not be fetched. `failed`: whatever nobody has thought of. */
export type Kind = "unreachable" | "notNow" | "forbidden" | "missing" | "part" | "failed";

/** What an address names is not there. */
export class NotThere extends Error {}

const MISSING = /^NoSuch|(DoesNotExist|NotFound)$/;
/** In the words of Chromium, Firefox, Safari, and Vite. */
const PART = /dynamically imported module|Importing a module script failed|Unable to preload CSS/i;

export function kindOf(error: unknown): Kind {
  if (error instanceof NotThere) return "missing";
  if (!(error instanceof ApiFailure)) return PART.test(String(error)) ? "part" : "failed";
  if (error.status === 0) return "unreachable";
  if (isUnavailable(error)) return "notNow";
  if (error.code === "AccessDeniedException" || error.status === 403) return "forbidden";
  return error.status === 404 || MISSING.test(error.code) ? "missing" : "failed";
}
