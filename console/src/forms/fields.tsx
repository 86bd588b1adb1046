/** All fields of an object: those that are there, those that must be, and a button for each that could be. */
import { useEffect, useMemo, useRef, useState } from "react";
import type { Pointer } from "../document";
import { child } from "../document/pointer";
import { entries } from "../document/value";
import { type Asked, alternativesIn, fieldsIn, GROUPS } from "../language/fields";
import { words } from "../words";
import { useForm } from "./form";
import { Editor } from "./kinds";
import { Json } from "./kinds/json";

/** Fields of which one may be there, or a single one. */
interface Row {
  /** The first is the one that is shown if none is there. */
  asked: Asked[];
  required: boolean;
}

interface Props {
  /** Where the object stands in the language: `Retry[]`. */
  holder: string;
  /** Where it stands in the definition. */
  at: Pointer;
  /** Names that are shown by something else. */
  elsewhere?: ReadonlySet<string>;
}

export function Fields({ holder, at, elsewhere = NOTHING }: Props) {
  const form = useForm();
  const { type, language } = form;
  const rows = useMemo(() => rowsOf(type, language, holder), [type, language, holder]);
  const present = new Set(entries(form.at(at)).map(([name]) => name));
  const isThere = ({ asked }: Row) => asked.some(({ name }) => present.has(name));
  const { opened, open, frame } = useOpened(present);
  const isShown = (row: Row) => isThere(row) || row.required || opened.has(keyOf(row));
  const known = new Set(["Type", "StartAt", "States", ...rows.flatMap(({ asked }) => asked.map(({ name }) => name))]);
  const unknown = [...present].filter((name) => !known.has(name) && !elsewhere.has(name));
  const groups = [...new Set(rows.map(({ asked }) => asked[0]?.group ?? ""))];
  return (
    <div ref={frame} className="fields">
      {groups.map((group) => {
        const own = rows.filter(({ asked }) => asked[0]?.group === group);
        const more = own.filter((row) => !isShown(row));
        return (
          <section
            key={group}
            className={`group ${own.some(isShown) ? "" : "bare"}`}
            aria-label={GROUPS[group] ?? group}
          >
            {holder === "" && <h3>{GROUPS[group] ?? group}</h3>}
            {own.filter(isShown).map((row) => (
              <div key={keyOf(row)} className="row" data-field={keyOf(row)}>
                <Alternatives row={row} at={at} present={present} />
              </div>
            ))}
            {more.length > 0 && form.locked === null && (
              <ul className="more" aria-label={words.forms.addTo(GROUPS[group] ?? group)}>
                {more.map((row) => (
                  <li key={keyOf(row)}>
                    <button
                      type="button"
                      title={row.asked[0]?.help}
                      data-add={keyOf(row)}
                      onClick={() => open(keyOf(row))}
                    >
                      + {row.asked[0]?.title}
                    </button>
                  </li>
                ))}
              </ul>
            )}
          </section>
        );
      })}
      {unknown.length > 0 && (
        <section className="group" aria-label={words.forms.others}>
          {holder === "" && <h3>{words.forms.others}</h3>}
          {unknown.map((name) => (
            <Unknown key={name} name={name} at={child(at, name)} />
          ))}
        </section>
      )}
    </div>
  );
}

const keyOf = ({ asked }: Row): string => asked[0]?.name ?? "";

const NOTHING: ReadonlySet<string> = new Set();

function rowsOf(...of: Parameters<typeof fieldsIn>): Row[] {
  const all = fieldsIn(...of);
  const groups = alternativesIn(...of);
  const usual = of[2] === "" ? (USUAL[of[0]] ?? []) : [];
  const rows: Row[] = [];
  for (const asked of all) {
    const group = groups.find(({ names }) => names.includes(asked.name));
    const others = group ? all.filter(({ name }) => group.names.includes(name)) : [asked];
    if (others[0] === asked) {
      rows.push({
        asked: others,
        required: group?.required || asked.field.required === true || usual.includes(asked.name),
      });
    }
  }
  return rows;
}

/** Shown although they may be missing: a state of that type is little without them. */
const USUAL: Readonly<Record<string, readonly string[]>> = {
  Task: ["Parameters", "Arguments"],
  Pass: ["Parameters", "Output"],
  Map: ["ItemProcessor"],
  Choice: ["Default"],
  Fail: ["Error", "Cause"],
};

/** A field that is shown before it has a value. What was added has the focus; where it went, the button that brings it back. */
function useOpened(present: ReadonlySet<string>) {
  const [opened, put] = useState<ReadonlySet<string>>(new Set());
  const frame = useRef<HTMLDivElement>(null);
  const wanted = useRef<string | null>(null);
  const before = useRef(present);
  useEffect(() => {
    const gone = [...before.current].filter((name) => !present.has(name));
    before.current = present;
    const [first] = gone;
    if (first !== undefined) {
      if (isLost()) wanted.current = `[data-add="${CSS.escape(first)}"]`;
      put((all) => new Set([...all].filter((key) => !gone.includes(key))));
    } else if (wanted.current !== null) {
      frame.current?.querySelector<HTMLElement>(wanted.current)?.focus();
      wanted.current = null;
    }
  });
  const open = (key: string) => {
    const controls = ["input", "textarea", "[contenteditable=true]", "button:not([disabled])"];
    wanted.current = controls.map((each) => `[data-field="${CSS.escape(key)}"] ${each}`).join(", ");
    put((all) => new Set([...all, key]));
  };
  return { opened, open, frame };
}

/** Whether what had the focus is gone. */
const isLost = () => document.activeElement === null || document.activeElement === document.body;

/** Of several fields that exclude one another the one that is there, or the one that was chosen. */
function Alternatives({ row, at, present }: { row: Row; at: Pointer; present: ReadonlySet<string> }) {
  const form = useForm();
  const [chosen, choose] = useState<string | null>(null);
  const there = row.asked.filter(({ name }) => present.has(name));
  const isNext = row.asked.some(({ name }) => name === "End");
  const shown = row.asked.find(({ name }) => name === chosen) ?? there[0] ?? row.asked[0];
  if (!shown) return null;
  if (isNext || row.asked.length === 1) {
    return <Editor asked={shown.name === "End" ? (row.asked[0] ?? shown) : shown} at={at} canEnd={isNext} />;
  }
  const beside = (
    <select
      className="way"
      aria-label={words.forms.way}
      value={shown.name}
      disabled={form.locked !== null}
      onChange={({ target }) => choose(target.value)}
    >
      {row.asked.map(({ name, title }) => (
        <option key={name} value={name}>
          {title}
        </option>
      ))}
    </select>
  );
  return (
    <>
      <Editor key={shown.name} asked={shown} at={at} beside={beside} />
      {there
        .filter(({ name }) => name !== shown.name && there.length > 1)
        .map((other) => (
          <Editor key={other.name} asked={other} at={at} />
        ))}
    </>
  );
}

/** A field that the language does not know here: as JSON, under its name. */
function Unknown({ name, at }: { name: string; at: Pointer }) {
  const asked: Asked = {
    place: name,
    name,
    field: { kind: "any" },
    title: name,
    help: words.forms.unknown,
    group: "",
  };
  return (
    <div className="row" data-field={name}>
      <Json asked={asked} at={at} />
    </div>
  );
}
