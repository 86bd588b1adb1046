/** The text, beside its picture: what is chosen in one is marked in the other. */
import { setDiagnostics } from "@codemirror/lint";
import { Compartment } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { stateAround } from "../editing/states";
import { useSession } from "../editing/use_session";
import { language } from "../text/language";
import { looks } from "../text/looks";
import { mark } from "../text/marks";
import { words } from "../words";
import "./text_pane.css";

/** The text is read after a pause, and a large one in a worker: places are those of what was read. */
const AFTER_TYPING_MILLIS = 120;

/** `wanted`: somebody has asked to be led to a place; another object each time. */
export function TextPane({ wanted = null }: { wanted?: { from: number } | null }) {
  const { session, now } = useSession();
  const place = useRef<HTMLDivElement>(null);
  const shown = useRef<EditorView | null>(null);
  const spoken = useRef(new Compartment());
  /** What was chosen by the cursor is in sight already. */
  const byCursor = useRef<string | null>(null);

  useEffect(() => {
    if (!place.current) return;
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const follow = EditorView.updateListener.of(({ transactions, state }) => {
      const isOwn = transactions.some((each) => each.isUserEvent("select") || each.isUserEvent("input"));
      if (!isOwn) return;
      const choose = () => {
        if (!session.isRead) return wait();
        const { document, broken } = session.snapshot();
        const around = broken ? null : stateAround(document.pointerAt(state.selection.main.head));
        if (!around) return;
        byCursor.current = around;
        session.select(around);
      };
      const wait = () => {
        clearTimeout(waiting);
        waiting = setTimeout(choose, AFTER_TYPING_MILLIS);
      };
      wait();
    });
    const label = EditorView.contentAttributes.of({ "aria-label": words.studio.text });
    const { view, detach } = session.attach(place.current, [looks(), label, follow, spoken.current.of([])]);
    shown.current = view;
    return () => {
      clearTimeout(waiting);
      shown.current = null;
      detach();
    };
  }, [session]);

  const { format, problems, document, selected, broken, readOnly } = now;
  useEffect(() => shown.current?.dispatch({ effects: spoken.current.reconfigure(language(format)) }), [format]);
  useEffect(() => {
    const view = shown.current;
    if (!view) return;
    const end = view.state.doc.length;
    const found = problems.map(({ from, to, ...rest }) => ({
      ...rest,
      from: Math.min(from, end),
      to: Math.min(to, end),
    }));
    view.dispatch(setDiagnostics(view.state, found));
  }, [problems]);
  useEffect(() => {
    const view = shown.current;
    if (!view || broken) return;
    const range = selected === null ? null : document.rangeOf(selected);
    const isNew = selected !== byCursor.current;
    byCursor.current = null;
    view.dispatch({
      effects: [
        mark.of(range),
        ...(range && isNew ? [EditorView.scrollIntoView(range.from, { y: "start", yMargin: 48 })] : []),
      ],
    });
  }, [document, selected, broken]);
  useEffect(() => {
    const view = shown.current;
    if (!view || !wanted) return;
    const anchor = Math.min(wanted.from, view.state.doc.length);
    view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    view.focus();
  }, [wanted]);
  return <div className="text-pane" ref={place} data-read-only={readOnly !== null} />;
}
