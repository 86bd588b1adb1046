import { describe, expect, test, vi } from "vitest";
import { convert, renameState } from "../document";
import { newConfig } from "./config";
import { Session } from "./session";

const ORDER = `# The whole
StartAt: Check
States:
  # Looks at it
  Check:
    Type: Pass
    Next: Ship
  Ship: {Type: Succeed}
`;

const session = (text = ORDER, readOnly: string | null = null) => new Session({ text, readOnly });
const names = (of: Session) =>
  of
    .snapshot()
    .graph.nodes.filter(({ kind }) => kind === "state")
    .map(({ name }) => name);

describe("acts and history", () => {
  test("an act changes text and picture, and undo takes back both and what was selected", () => {
    const here = session();
    here.select("/States/Check");

    expect(here.apply((document) => renameState(document, "/States/Ship", "Send"))).toBe(true);
    expect(here.text).toContain("Send: {Type: Succeed}");
    expect(names(here)).toEqual(["Check", "Send"]);
    expect(here.snapshot()).toMatchObject({ selected: "/States/Send", isDirty: true, undoes: "Rename Ship to Send" });

    here.undo();
    expect(here.text).toBe(ORDER);
    expect(names(here)).toEqual(["Check", "Ship"]);
    expect(here.snapshot()).toMatchObject({ selected: "/States/Check", isDirty: false, undoes: null });
    expect(here.snapshot().redoes).toBe("Rename Ship to Send");

    here.redo();
    expect(names(here)).toEqual(["Check", "Send"]);
  });

  test("forms, mouse and typing have one history", () => {
    const here = session();
    here.apply((document) => renameState(document, "/States/Ship", "Send"));
    here.edit("Say what it is", [{ do: "insert", at: "/Comment", value: "An order", after: null }]);
    here.replace("Merge", here.text.replace("# The whole", "# All of it"));

    const undone: (string | null)[] = [];
    for (let step = 0; step < 3; step += 1) {
      undone.push(here.snapshot().undoes);
      here.undo();
    }
    expect(undone).toEqual(["Merge", "Say what it is", "Rename Ship to Send"]);
    expect(here.text).toBe(ORDER);
  });

  test("what is done after an undo takes the place of what was undone", () => {
    const here = session();
    here.apply((document) => renameState(document, "/States/Ship", "Send"));
    here.apply((document) => renameState(document, "/States/Send", "Post"));
    here.undo();
    here.apply((document) => renameState(document, "/States/Check", "Look"));

    expect(here.snapshot()).toMatchObject({ undoes: "Rename Check to Look", redoes: null });
  });

  test("a conversion is undone with its format", () => {
    const here = session();
    here.apply(convert);
    expect(here.snapshot().format).toBe("json");
    expect(here.snapshot().notice?.text).toContain("2 of them are lost");

    here.undo();
    expect(here.snapshot().format).toBe("yaml");
    expect(here.text).toBe(ORDER);
  });
});

test("another text may be of another format: undo takes back both", () => {
  const here = session('{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}');
  here.replace("Begin anew", ORDER, { format: "yaml" });
  expect(here.snapshot()).toMatchObject({ format: "yaml", broken: null });

  here.undo();
  expect(here.snapshot()).toMatchObject({ format: "json", broken: null });
});

describe("what cannot be done", () => {
  test("is said, and changes nothing", () => {
    const here = session();

    expect(here.apply((document) => renameState(document, "/States/Ship", "Check"))).toBe(false);
    expect(here.snapshot().notice).toMatchObject({ kind: "refused" });
    expect(here.text).toBe(ORDER);
  });

  test("nothing is changed of what may only be read", () => {
    const here = session(ORDER, "Argo CD manages it.");

    expect(here.edit("No", [{ do: "remove", at: "/StartAt" }])).toBe(false);
    expect(here.snapshot().notice?.text).toBe("Argo CD manages it.");
  });

  test("a text that cannot be read keeps the last picture, says where, and takes no acts until it is mended", () => {
    const here = session();
    here.replace("Break it", ORDER.replace("  Ship: {Type: Succeed}", "  Ship: {Type: Succeed"));

    expect(names(here)).toEqual(["Check", "Ship"]);
    expect(here.snapshot().broken?.line).toBeGreaterThan(7);
    expect(here.edit("No", [{ do: "remove", at: "/StartAt" }])).toBe(false);

    here.replace("Mend it", ORDER);
    expect(here.snapshot().broken).toBeNull();
  });
});

describe("the text", () => {
  test("keeps its line breaks, whatever they are", () => {
    const windows = session(ORDER.replaceAll("\n", "\r\n"));
    windows.apply((document) => renameState(document, "/States/Ship", "Send"));
    expect(windows.text).toBe(ORDER.replaceAll("\n", "\r\n").replaceAll("Ship", "Send"));

    const mixed = ORDER.replace("\n", "\r\n");
    const here = session(mixed);
    here.apply((document) => renameState(document, "/States/Ship", "Send"));
    expect(here.text).toBe(mixed.replaceAll("Ship", "Send"));
  });

  test("that is a draft of something else is dirty until that is stored", () => {
    const here = new Session({ text: ORDER, stored: ORDER.replace("Looks", "Looked") });
    expect(here.snapshot().isDirty).toBe(true);

    here.store();
    expect(here.snapshot().isDirty).toBe(false);
  });

  test("is laid out anew only if the picture has changed", () => {
    const here = session();
    const { graph } = here.snapshot();
    here.edit("Say what it is", [{ do: "insert", at: "/Comment", value: "An order", after: null }]);

    expect(here.snapshot().graph).toBe(graph);
  });
});

test("findings of the server stand where their places are now", () => {
  const here = session();
  const finding = { severity: "ERROR", code: "X", message: "no", pointer: "/States/Ship", member: "Output" } as const;
  here.check({ valid: false, findings: [finding] });
  const [before] = here.snapshot().problems;
  here.edit("Say what it is", [{ do: "insert", at: "/Comment", value: "An order", after: null }]);
  const [after] = here.snapshot().problems;

  expect(before).toMatchObject({ line: 8, severity: "error", member: "Output" });
  expect(after?.line).toBe(9);

  here.check(null);
  expect(here.snapshot()).toMatchObject({ checked: null, problems: [] });
});

test("whoever listens is told of every change, and of nothing else", () => {
  const here = session();
  const tell = vi.fn();
  here.subscribe(tell);
  here.select("/States/Ship");
  here.select("/States/Ship");

  expect(tell).toHaveBeenCalledTimes(1);
});

describe("what belongs to a text", () => {
  const first = newConfig("order", "arn:aws:iam::123456789012:role/any");
  const traced = { ...first, tracingConfiguration: { enabled: true } };

  test("has the one history that the text has", () => {
    const here = new Session({ text: ORDER, config: first });
    here.apply((document) => renameState(document, "/States/Ship", "Send"));
    here.configure("Set tracing", traced);
    here.apply((document) => renameState(document, "/States/Check", "Look"));
    expect(here.snapshot()).toMatchObject({ config: traced, isDirty: true });

    here.undo();
    expect(here.snapshot()).toMatchObject({ config: traced, undoes: "Set tracing", redoes: "Rename Check to Look" });
    here.undo();
    expect(here.snapshot()).toMatchObject({ config: first, undoes: "Rename Ship to Send", redoes: "Set tracing" });
    expect(here.text).toContain("Send: {Type: Succeed}");
    here.undo();
    expect(here.snapshot()).toMatchObject({ isDirty: false, undoes: null });

    here.redo();
    here.redo();
    expect(here.snapshot()).toMatchObject({ config: traced, redoes: "Rename Check to Look" });
  });

  test("what is configured after an undo takes the place of what was undone", () => {
    const here = new Session({ text: ORDER, config: first });
    here.apply((document) => renameState(document, "/States/Ship", "Send"));
    here.undo();
    here.configure("Set tracing", traced);

    expect(here.snapshot()).toMatchObject({ undoes: "Set tracing", redoes: null });
    here.undo();
    expect(here.snapshot()).toMatchObject({ config: first, undoes: null, redoes: "Set tracing", isDirty: false });
  });

  test("is stored with it, or was left as a draft", () => {
    const here = new Session({ text: ORDER, config: traced, storedConfig: first });
    expect(here.snapshot().isDirty).toBe(true);

    here.store();
    expect(here.snapshot()).toMatchObject({ isDirty: false, storedConfig: traced });

    here.replace("Discard changes", ORDER, { config: first });
    expect(here.snapshot()).toMatchObject({ config: first, isDirty: true, undoes: "Discard changes" });
    here.undo();
    expect(here.snapshot().isDirty).toBe(false);
  });

  test("stays as it is where it can only be read", () => {
    const here = new Session({ text: ORDER, config: first, readOnly: "Ann may not" });

    here.configure("Set tracing", traced);

    expect(here.snapshot()).toMatchObject({ config: first, notice: { kind: "refused", text: "Ann may not" } });
  });
});
