/** A line of text that knows the language: completion while one types, colours, and the keys of every other field. */
import {
  acceptCompletion,
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  closeCompletion,
  completionKeymap,
  completionStatus,
  startCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap, placeholder as placeholderText } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { nonce } from "../text/nonce";
import { typingOver } from "../text/typing_over";
import type { Option, Scope } from "./completion";
import "./expressions.css";
import { colours } from "./colours";
import { type Mode, offeredAt } from "./place";

export interface ExpressionProps {
  label: string;
  text: string;
  /** Takes over what was typed; says what is wrong with it, if it is not a value. */
  onTake: (text: string) => string | null;
  mode: Mode;
  scope: Scope;
  placeholder?: string;
  disabled?: boolean;
  invalid?: boolean;
  /** Several lines: Enter breaks the line, and what is typed is taken over when the field is left. */
  lines?: boolean;
  onProblem?: (problem: string | null) => void;
  /** What is written now, for a preview; null once the field is left. */
  onWriting?: (text: string | null) => void;
  autoFocus?: boolean;
}

const PAUSE_MILLIS = 800;

export function ExpressionInput(props: ExpressionProps) {
  const host = useRef<HTMLDivElement>(null);
  const line = useRef<Line | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const { text, label, scope, disabled = false, invalid = false } = props;

  useEffect(() => {
    if (!host.current) return;
    const made = new Line(host.current, () => latest.current);
    line.current = made;
    return () => made.close();
  }, []);
  useEffect(() => line.current?.stored(text), [text]);
  useEffect(() => line.current?.describe(label, disabled, invalid), [label, disabled, invalid]);
  const isRecorded = scope.input !== undefined || scope.result !== undefined;
  useEffect(() => {
    if (isRecorded) line.current?.offerAnew();
  }, [isRecorded]);

  return <div ref={host} className={`expression ${invalid ? "invalid" : ""} ${disabled ? "disabled" : ""}`} />;
}

/** The editor of one field. */
class Line {
  private readonly view: EditorView;
  private readonly described = new Compartment();
  /** What stands in the document, as far as this field knows. */
  private taken: string;
  /** The change that comes next is what was typed here. */
  private isOwn = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    host: HTMLElement,
    private readonly props: () => ExpressionProps,
  ) {
    const { text, placeholder = "", lines = false, label, disabled = false, invalid = false, autoFocus } = props();
    this.taken = text;
    this.view = new EditorView({
      parent: host,
      doc: text,
      extensions: [
        nonce(),
        EditorView.lineWrapping,
        history(),
        colours,
        typingOver,
        placeholderText(placeholder),
        autocompletion({ override: [(context) => this.complete(context)], icons: false, aboveCursor: false }),
        Prec.highest(keymap.of(this.keys(lines))),
        keymap.of([...completionKeymap, ...historyKeymap, ...defaultKeymap]),
        this.described.of(described(label, disabled, invalid)),
        EditorView.updateListener.of(({ docChanged, focusChanged, view }) => {
          if (docChanged) this.wrote();
          if (focusChanged && view.hasFocus) this.props().onWriting?.(this.text);
          if (focusChanged && !view.hasFocus) this.left();
        }),
      ],
    });
    if (autoFocus) this.view.focus();
  }

  close(): void {
    this.take();
    this.view.destroy();
  }

  /** The document has another text now: it is shown, unless it is this field's own in other letters. */
  stored(text: string): void {
    const isOwn = this.isOwn;
    this.isOwn = false;
    if (isOwn && this.view.hasFocus) return;
    this.taken = text;
    this.show(text);
  }

  describe(label: string, disabled: boolean, invalid: boolean): void {
    this.view.dispatch({ effects: this.described.reconfigure(described(label, disabled, invalid)) });
  }

  /** More is known now than when it was typed: what was recorded has come. */
  offerAnew(): void {
    if (this.view.hasFocus && this.text !== this.taken) startCompletion(this.view);
  }

  private get text(): string {
    return this.view.state.doc.toString();
  }

  private show(text: string): void {
    if (text !== this.text) this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
  }

  private wrote(): void {
    const { lines, onWriting, onProblem } = this.props();
    if (this.text === this.taken) return;
    if (this.view.hasFocus) onWriting?.(this.text);
    onProblem?.(null);
    clearTimeout(this.timer);
    if (!lines) this.timer = setTimeout(() => completionStatus(this.view.state) ?? this.take(), PAUSE_MILLIS);
  }

  private left(): void {
    const { onWriting } = this.props();
    onWriting?.(null);
    // What was refused stays, so that it can be mended.
    if (this.take() && !this.isOwn) this.show(this.props().text);
  }

  private take(): boolean {
    clearTimeout(this.timer);
    const { text } = this;
    if (text === this.taken) return true;
    const { onTake, onProblem } = this.props();
    const problem = onTake(text);
    onProblem?.(problem);
    if (problem !== null) return false;
    this.taken = text;
    this.isOwn = true;
    return true;
  }

  private keys(lines: boolean) {
    const finish = () => {
      this.take();
      return true;
    };
    return [
      { key: "Tab", run: acceptCompletion },
      { key: "Escape", run: closeCompletion },
      { key: "Mod-Enter", run: finish },
      ...(lines ? [] : [{ key: "Enter", run: (view: EditorView) => acceptCompletion(view) || finish() }]),
      { key: "Ctrl-Space", run: startCompletion },
    ];
  }

  private complete({ state, pos, explicit }: CompletionContext): CompletionResult | null {
    const { mode, scope } = this.props();
    const text = state.doc.toString();
    if (explicit && text === "" && mode === "value" && scope.language === "JSONata")
      return { from: 0, options: [BRACES] };
    const found = offeredAt(text, pos, mode, scope);
    return found && { from: found.from, options: found.options.map(completion), validFor: /^[$\w.[\]'`]*$/ };
  }
}

const BRACES: Completion = {
  label: "{%  %}",
  detail: "JSONata",
  apply: (view, _, from, to) =>
    view.dispatch({ changes: { from, to, insert: "{%  %}" }, selection: { anchor: from + 3 } }),
};

function completion({ text, kind, detail, help }: Option): Completion {
  return { label: text, type: kind, detail, ...(help ? { info: help } : {}) };
}

function described(label: string, disabled: boolean, invalid: boolean) {
  return [
    EditorView.contentAttributes.of({ "aria-label": label, "aria-invalid": String(invalid), spellcheck: "false" }),
    EditorView.editable.of(!disabled),
    EditorState.readOnly.of(disabled),
    // What cannot be edited can still be read and copied by keyboard.
    ...(disabled ? [EditorView.contentAttributes.of({ tabindex: "0", "aria-readonly": "true" })] : []),
  ];
}
