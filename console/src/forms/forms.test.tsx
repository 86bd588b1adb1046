// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Session } from "../editing/session";
import { SessionContext } from "../editing/use_session";
import type { ExpressionProps } from "../expressions/expression_input";
import generated from "../generated/fields.json";
import { type Field, fieldsIn, type Language } from "../language/fields";
import { FormPanel } from "./form_panel";

// A real editor needs a browser: tests there have it.
vi.mock("../expressions/expression_input", () => ({
  ExpressionInput: ({ label, text, onTake, onProblem, disabled }: ExpressionProps) => (
    <textarea
      aria-label={label}
      defaultValue={text}
      disabled={disabled}
      onBlur={({ target }) => onProblem?.(onTake(target.value))}
    />
  ),
}));

// Nobody answers here, and nobody has to.
vi.mock("../api/client", async (original) => ({
  ...(await original<typeof import("../api/client")>()),
  get: () => new Promise(() => undefined),
}));

afterEach(cleanup);

function shown(text: string, selected: string | null = "/States/S", readOnly: string | null = null) {
  const session = new Session({ text, readOnly });
  session.select(selected);
  const queries = new QueryClient();
  const { container } = render(
    <QueryClientProvider client={queries}>
      <SessionContext value={{ session, machine: null, wish: () => undefined }}>
        <FormPanel />
      </SessionContext>
    </QueryClientProvider>,
  );
  return { session, container };
}

const machine = (state: object, more: object = {}) =>
  JSON.stringify({ StartAt: "S", States: { S: state, T: { Type: "Succeed" } }, ...more }, null, 2);

/** A value of that kind, with all that may be in it. */
function sample(type: string, language: Language, place: string, field: Field): unknown {
  const inside = (holder: string) =>
    Object.fromEntries(
      fieldsIn(type, language, holder).map((each) => [each.name, sample(type, language, each.place, each.field)]),
    );
  switch (field.kind) {
    case "array":
      return ["States.ALL"];
    case "assignment":
      return { name: 1 };
    case "boolean":
      return true;
    case "integer":
    case "number":
      return 1;
    case "object":
      return inside(place);
    case "objects":
      return [inside(`${place}[]`)];
    case "rules":
      return [{ ...(language === "JSONPath" ? { Variable: "$.a", IsPresent: true } : {}), ...inside(`${place}[]`) }];
    case "scope":
      return { StartAt: "A", States: { A: { Type: "Pass", End: true } }, ...inside(place) };
    case "scopes":
      return [{ StartAt: "B", States: { B: { Type: "Pass", End: true } } }];
    case "state":
      return "T";
    case "template":
      return { name: "value", ...inside(place) };
    default:
      return field.values?.[0] ?? "text";
  }
}

/** How many fields are shown in this one and below. */
function checked(section: Element, type: string, language: Language, holder: string): number {
  let count = 0;
  const rows = [...section.querySelectorAll<HTMLElement>("[data-field]")];
  for (const { place, name, field } of fieldsIn(type, language, holder)) {
    const shownAs = name === "End" ? "Next" : name;
    const row = rows.find((each) => each.dataset.field === shownAs || each.querySelector(`option[value="${name}"]`));
    expect(row, `a row for ${place}`).toBeDefined();
    const control = row?.querySelector("input, textarea, select, button, [role=button]");
    expect(control, `something to edit ${place} with`).not.toBeNull();
    const inside = field.kind === "objects" || field.kind === "rules" ? `${place}[]` : place;
    count += 1 + (row && fieldsIn(type, language, inside).length > 0 ? checked(row, type, language, inside) : 0);
  }
  return count;
}

const all = Object.entries(generated.states).flatMap(([type, languages]) =>
  Object.keys(languages).map((language) => [type, language as Language] as const),
);

describe("a state that has every field has something to edit each of them with", () => {
  test.each(all)("%s in %s", (type, language) => {
    const fields = fieldsIn(type, language, "").map(({ name, place, field }) => [
      name,
      sample(type, language, place, field),
    ]);
    const { container } = shown(machine({ Type: type, ...Object.fromEntries(fields), QueryLanguage: language }));
    const form = container.querySelector(".form") as Element;

    expect(checked(form, type, language, "")).toBe(
      Object.keys(generated.states[type as "Task"][language].fields).length,
    );
  });
});

test("a number that is typed changes its letters in the text alone", () => {
  const text = machine({ Type: "Wait", Seconds: 5, Next: "T" });
  const { session } = shown(text);
  const field = within(screen.getByRole("region", { name: "Time" })).getByRole("textbox");
  fireEvent.change(field, { target: { value: "60" } });
  fireEvent.blur(field);

  expect(session.text).toBe(text.replace('"Seconds": 5', '"Seconds": 60'));
  expect(session.snapshot().undoes).toBe("Set Seconds of S");
});

test("what is no number stays in the field, and is said", () => {
  const text = machine({ Type: "Wait", Seconds: 5, Next: "T" });
  const { session } = shown(text);
  const field = within(screen.getByRole("region", { name: "Time" })).getByRole("textbox") as HTMLInputElement;
  fireEvent.change(field, { target: { value: "soon" } });
  fireEvent.blur(field);

  expect(field.value).toBe("soon");
  expect(screen.getByText("A number is expected.")).toBeTruthy();
  expect(session.text).toBe(text);
});

test("of fields that exclude one another the one that is chosen takes the place of the other", () => {
  const { session } = shown(machine({ Type: "Wait", Seconds: 5, Next: "T" }));
  fireEvent.change(screen.getByLabelText("Which of these fields"), { target: { value: "SecondsPath" } });
  expect(session.text).toContain('"Seconds": 5');
  const path = screen.getByLabelText("Seconds, by path");
  fireEvent.change(path, { target: { value: "$.seconds" } });
  fireEvent.blur(path);

  expect(session.text).toContain('"SecondsPath": "$.seconds"');
  expect(session.text).not.toContain('"Seconds"');
});

test("what is wrong with a field stands at the field", async () => {
  const { session } = shown(machine({ Type: "Wait", Seconds: 5, Next: "T" }));
  const finding = { severity: "ERROR", code: "X", message: "too short a time", pointer: "/States/S/Seconds" } as const;
  session.check({ valid: false, findings: [finding] });

  const told = await screen.findByText("too short a time");
  expect(told.closest("[data-field]")?.getAttribute("data-field")).toBe("Seconds");
});

test("a field that the language does not know is shown under its name, and stays", () => {
  const { session } = shown(machine({ Type: "Wait", Seconds: 5, Colour: { red: 1.0 }, Next: "T" }));

  const others = screen.getByRole("region", { name: "Other fields" });
  expect((within(others).getByLabelText("Colour") as HTMLTextAreaElement).value).toBe('{"red": 1}');
  expect(session.text).toContain("Colour");
});

test("a retry is added as an entry that is valid, and errors of the machine are offered", () => {
  const { session } = shown(machine({ Type: "Task", Resource: "acme:deliver", Next: "T" }));
  fireEvent.click(screen.getByRole("button", { name: "+ Try again" }));
  fireEvent.click(screen.getByRole("button", { name: "Add to Try again" }));

  expect(JSON.parse(session.text).States.S.Retry).toEqual([{ ErrorEquals: ["States.ALL"] }]);
});

test("the condition of a rule is put together from questions", () => {
  const rule = { Variable: "$.total", NumericGreaterThan: 100, Next: "T" };
  const { session } = shown(machine({ Type: "Choice", Choices: [rule] }));
  fireEvent.change(screen.getByLabelText("How the questions are combined"), { target: { value: "all" } });
  fireEvent.click(screen.getByRole("button", { name: "Add a question" }));

  expect(JSON.parse(session.text).States.S.Choices).toEqual([
    {
      And: [
        { Variable: "$.total", NumericGreaterThan: 100 },
        { Variable: "$.", IsPresent: true },
      ],
      Next: "T",
    },
  ]);
});

describe("the entries of a list", () => {
  const retry = (...errors: string[]) => errors.map((error) => ({ ErrorEquals: [error] }));
  const text = machine({ Type: "Task", Resource: "acme:deliver", Retry: retry("A", "B", "C"), Next: "T" });
  const order = (session: Session) =>
    JSON.parse(session.text).States.S.Retry.map(({ ErrorEquals }: { ErrorEquals: string[] }) => ErrorEquals[0]);
  const grip = (error: string) => screen.getByRole("button", { name: `Move to another place: ${error}` });
  const focused = () => document.activeElement?.getAttribute("aria-label");

  test("go up and down by the arrows on their grips, which keep the focus, each as one step", () => {
    const { session } = shown(text);
    grip("C").focus();
    fireEvent.keyDown(grip("C"), { key: "ArrowUp" });
    fireEvent.keyDown(grip("C"), { key: "ArrowUp" });
    fireEvent.keyDown(grip("C"), { key: "ArrowUp" });

    expect(order(session)).toEqual(["C", "A", "B"]);
    expect(focused()).toBe("Move to another place: C");
    expect(screen.getByText("C is now number 1 of 3.")).toBeTruthy();
    expect(session.snapshot().undoes).toBe("Reorder Try again of S");
    session.undo();
    expect(order(session)).toEqual(["A", "C", "B"]);
    session.undo();
    expect(session.text).toBe(text);
  });

  test("go by buttons, which stay with what they move", () => {
    const { session } = shown(text);
    const down = screen.getByRole("button", { name: "Move down: A" });
    down.focus();
    fireEvent.click(down);
    expect(focused()).toBe("Move down: A");
    fireEvent.click(screen.getByRole("button", { name: "Move down: A" }));

    expect(order(session)).toEqual(["B", "C", "A"]);
    expect(focused()).toBe("Move to another place: A");
  });

  test("stay where nothing may be changed", () => {
    const { session } = shown(text, "/States/S", "It is managed by Argo CD");
    fireEvent.keyDown(grip("C"), { key: "ArrowUp" });

    expect(session.text).toBe(text);
  });
});

test("what may not be changed is shown, and says why", () => {
  const { container } = shown(
    machine({ Type: "Wait", Seconds: 5, Next: "T" }),
    "/States/S",
    "It is managed by Argo CD",
  );

  expect(screen.getByText("It is managed by Argo CD")).toBeTruthy();
  for (const field of container.querySelectorAll("input, textarea, select")) {
    expect((field as HTMLInputElement).disabled).toBe(true);
  }
});

test("where no state is chosen the machine has its own form", () => {
  const { session } = shown(machine({ Type: "Pass", End: true }), null);
  fireEvent.click(screen.getByRole("button", { name: "+ Comment" }));
  const comment = within(screen.getByRole("region", { name: "State" })).getByRole("textbox");
  fireEvent.change(comment, { target: { value: "greets" } });
  fireEvent.blur(comment);

  expect(JSON.parse(session.text).Comment).toBe("greets");
});

test("a new name is followed by all that leads to the state", () => {
  const { session } = shown(machine({ Type: "Pass", Next: "T" }), "/States/T");
  const name = screen.getByLabelText("Name of the state");
  fireEvent.change(name, { target: { value: "Done" } });
  fireEvent.keyDown(name, { key: "Enter" });

  expect(JSON.parse(session.text).States.S.Next).toBe("Done");
  expect(session.snapshot().selected).toBe("/States/Done");
});
