import { en, type Words } from "./en";

/** English is the one language there is yet. */
export const words: Words = en;
