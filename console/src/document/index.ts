/**
 * The text is the truth: what the rest of the console uses of it. Knows no React and no page.
 *
 *     const document = open(text);
 *     graphOf(document.definition);                                     its picture
 *     renameState(document, "/States/Ship", "Send")                     another text, by splices
 */

export { type Act, act } from "./acts/act";
export { addBranch } from "./acts/add_branch";
export { copied } from "./acts/clip";
export { convert, lostByConversion } from "./acts/convert";
export type { Target } from "./acts/leading";
export { moveState } from "./acts/move_state";
export { insertState, paste, type Where } from "./acts/paste";
export { removeState } from "./acts/remove_state";
export { renameState } from "./acts/rename_state";
export { reorderState } from "./acts/reorder_state";
export { retarget } from "./acts/retarget";
export { unfoldAliases } from "./acts/unfold";
export { wrapInMap, wrapInParallel } from "./acts/wrap";
export { type Content, Refused } from "./content";
export { Document, type Format, open, type Wrapper } from "./document";
export type { Edit } from "./edit";
export type { Pointer } from "./pointer";
export type { Problem } from "./problems";
export { applied, inverted, type Splice } from "./splice";
export { NumberText, type Value } from "./value";
