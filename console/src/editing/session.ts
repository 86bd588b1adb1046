/**
 * What is edited. Text, picture, forms and outline are views of one session, and an act in any of them is a step of the one
 * history: that of the text. Knows no React (`use_session` does) and no server.
 *
 *     const session = new Session({ text });
 *     session.apply((document) => renameState(document, "/States/Ship", "Send"));
 *     session.edit("Set the time limit of Send", [{ do: "set", at: "/States/Send/TimeoutSeconds", value: 60 }]);
 *     session.undo();
 */
import { history, isolateHistory, redo, redoDepth, undo, undoDepth } from "@codemirror/commands";
import {
  Compartment,
  EditorState,
  type Extension,
  Text,
  type Transaction,
  type TransactionSpec,
} from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import type { CheckedDefinition } from "../api/generated/console";
import { type Act, act, type Document, type Edit, type Format, open, type Pointer, Refused } from "../document";
import { type Beside, beside, besideOf, isStep, setConfig, setFormat, setSelected } from "./beside";
import { type Config, isSameConfig } from "./config";
import { isLarge, read, readInWorker } from "./reading";
import { brokenIn, type Notice, type Shown, type Snapshot, shownOf, troublesOf } from "./snapshot";

/**
 * `readOnly`: why it cannot be changed. `config`: what belongs to the text, if something does. `stored`, `storedConfig`: what is
 * stored, if these are drafts.
 */
export interface Opening {
  text: string;
  format?: Format | undefined;
  readOnly?: string | null;
  stored?: string;
  config?: Config | null;
  storedConfig?: Config | null;
}

/** Within it the next key comes, mostly. */
const PAUSE_MILLIS = 20;
/** More than anybody takes back. */
const MOST_STEPS = 10_000;
const TYPING = "typing";

export class Session {
  private state: EditorState;
  private view: EditorView | null = null;
  private readonly ofView = new Compartment();
  private now: Snapshot;
  private kept: Text;
  private keptConfig: Config | null;
  /** The text that `now` shows. */
  private seen: Text;
  private waiting: ReturnType<typeof setTimeout> | undefined;
  /** Of acts, by how many steps of the history there are up to them. */
  private readonly names: string[] = [];
  private readonly told = new Set<() => void>();
  private readonly lineBreak: "\n" | "\r\n";

  constructor({ text, format, readOnly = null, stored = text, config = null, storedConfig = config }: Opening) {
    // An editor counts a line break as one letter. Where all are of one kind, nothing is lost by that.
    this.lineBreak = /\r\n/.test(text) && !/(^|[^\r])\n/.test(text) ? "\r\n" : "\n";
    const document = open(this.inside(text), format);
    this.state = EditorState.create({
      doc: lines(document.text),
      extensions: [
        // A \r by itself is a letter like others.
        EditorState.lineSeparator.of("\n"),
        history({ minDepth: MOST_STEPS }),
        beside(document.format, config),
        EditorState.readOnly.of(readOnly !== null),
        this.ofView.of([]),
      ],
    });
    this.seen = this.state.doc;
    this.kept = lines(this.inside(stored));
    this.keptConfig = storedConfig;
    const idle = { checked: null, undoes: null, redoes: null, notice: null };
    const { isDirty } = this;
    this.now = { ...shownOf(document, null, null), ...besideOf(this.state), ...idle, storedConfig, readOnly, isDirty };
  }

  readonly subscribe = (tell: () => void): (() => void) => {
    this.told.add(tell);
    return () => this.told.delete(tell);
  };

  readonly snapshot = (): Snapshot => this.now;

  /** As it is now, read or not, with the line breaks that it came with. */
  get text(): string {
    const text = this.state.doc.toString();
    return this.lineBreak === "\n" ? text : text.replaceAll("\n", this.lineBreak);
  }

  /** Performs an act on the text as it is now. Whether it was done; if not, the snapshot's notice says why. */
  apply(make: (document: Document) => Act): boolean {
    try {
      if (this.now.readOnly !== null) throw new Refused(this.now.readOnly);
      this.settle();
      const { broken, document } = this.now;
      if (broken) throw new Refused(`Line ${broken.line}: ${broken.message}. Fix that first.`);
      this.perform(make(document));
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.say({ kind: "refused", text: error.message });
      return false;
    }
  }

  /** The same by edits, whose pointers are of the definition. What is selected stays, unless another is given. */
  edit(name: string, edits: readonly Edit[], selection: Pointer | null = this.now.selected): boolean {
    return this.apply((document) => act(document, name, edits, selection));
  }

  select(pointer: Pointer | null): void {
    if (pointer !== this.now.selected) this.dispatch({ effects: setSelected.of(pointer) });
  }

  /** What belongs to the text becomes another, as one step. */
  configure(name: string, config: Config): void {
    if (this.now.readOnly === null) this.step(name, { effects: setConfig.of(config) });
    else this.say({ kind: "refused", text: this.now.readOnly });
  }

  undo(): void {
    undo({ state: this.state, dispatch: (transaction) => this.dispatch(transaction) });
    this.settle();
  }

  redo(): void {
    redo({ state: this.state, dispatch: (transaction) => this.dispatch(transaction) });
    this.settle();
  }

  say(notice: Notice | null): void {
    this.change({ notice });
  }

  /** What the server says of the definition that is shown; null: it says nothing. */
  check(checked: CheckedDefinition | null): void {
    const { document, broken } = this.now;
    this.change({ checked, problems: troublesOf(document, checked, broken) });
  }

  /** These are stored: what stands here, unless the server has written it otherwise. */
  store(text: string = this.text, config: Config | null = besideOf(this.state).config): void {
    this.kept = lines(this.inside(text));
    this.keptConfig = config;
    this.change({});
  }

  /** Another text, as one step; in another format and with another configuration, if they are given. */
  replace(name: string, text: string, given: Partial<Pick<Beside, "format" | "config">> = {}): void {
    const { format, config } = { ...besideOf(this.state), ...given };
    const [from, to, insert] = [0, this.state.doc.length, this.inside(text)];
    this.step(name, { changes: { from, to, insert }, effects: [setFormat.of(format), setConfig.of(config)] });
    this.settle();
  }

  /** Shows the text in a view, until that is detached. */
  attach(parent: HTMLElement, extensions: Extension): { view: EditorView; detach: () => void } {
    this.dispatch({ effects: this.ofView.reconfigure(extensions) });
    const view = new EditorView({
      state: this.state,
      parent,
      dispatchTransactions: (transactions, shown) => {
        shown.update(transactions);
        for (const transaction of transactions) this.took(transaction);
      },
    });
    this.view = view;
    const detach = () => {
      view.destroy();
      this.view = null;
      this.dispatch({ effects: this.ofView.reconfigure([]) });
    };
    return { view, detach };
  }

  /** Whether the snapshot is of the text as it is now. */
  get isRead(): boolean {
    return this.seen.eq(this.state.doc);
  }

  /** Reads what was typed, at once. */
  settle(): void {
    if (this.isRead) return;
    this.show(read(this.state.doc.toString(), besideOf(this.state).format));
  }

  private perform({ name, splices, selection, document, notes }: Act): void {
    const effects = [setSelected.of(selection), setFormat.of(document.format)];
    this.step(name, { changes: splices, effects });
    this.show(document);
    this.say(notes.length > 0 ? { kind: "note", text: notes.join(" ") } : null);
  }

  /** One step of the history, whatever was typed before and after. */
  private step(name: string, spec: TransactionSpec): void {
    this.dispatch({ ...spec, annotations: isolateHistory.of("full"), userEvent: "act" });
    this.names[undoDepth(this.state) - 1] = name;
    this.change({});
  }

  private dispatch(spec: TransactionSpec | Transaction): void {
    if (this.view) this.view.dispatch(spec);
    else this.took("newDoc" in spec ? spec : this.state.update(spec));
  }

  private took(transaction: Transaction): void {
    const { startState, state, docChanged } = transaction;
    this.state = state;
    if (isStep(transaction)) {
      const [before, after] = [undoDepth(startState), undoDepth(state)];
      const isNew = !transaction.isUserEvent("undo") && !transaction.isUserEvent("redo");
      // What was undone before it can be redone no more.
      if (isNew && after > before) this.names.length = Math.min(this.names.length, before);
    }
    if (docChanged) {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => void this.readSoon(), PAUSE_MILLIS);
    }
    if (isStep(transaction) || besideOf(startState).selected !== besideOf(state).selected) this.change({});
  }

  /** In a worker what is large, so that typing is not felt; what was typed meanwhile is read after it. */
  private async readSoon(): Promise<void> {
    const { doc } = this.state;
    if (this.seen.eq(doc)) return;
    const [text, format] = [doc.toString(), besideOf(this.state).format];
    if (!isLarge(text)) return this.settle();
    const document = await readInWorker(text, format);
    if (this.state.doc.eq(doc)) this.show(document);
  }

  private show(document: Document): void {
    clearTimeout(this.waiting);
    this.seen = this.state.doc;
    const broken = brokenIn(document);
    const shown: Partial<Shown> = broken
      ? { broken, problems: [broken] }
      : shownOf(document, this.now.checked, this.now.graph);
    this.change(shown);
  }

  private get isDirty(): boolean {
    return !this.kept.eq(this.state.doc) || !isSameConfig(this.keptConfig, besideOf(this.state).config);
  }

  private change(part: Partial<Snapshot>): void {
    const [done, undone] = [undoDepth(this.state), redoDepth(this.state)];
    this.now = {
      ...this.now,
      ...besideOf(this.state),
      storedConfig: this.keptConfig,
      isDirty: this.isDirty,
      undoes: done > 0 ? (this.names[done - 1] ?? TYPING) : null,
      redoes: undone > 0 ? (this.names[done] ?? TYPING) : null,
      ...part,
    };
    for (const tell of this.told) tell();
  }

  private inside(text: string): string {
    return this.lineBreak === "\n" ? text : text.replaceAll("\r\n", "\n");
  }
}

const lines = (text: string): Text => Text.of(text.split("\n"));
