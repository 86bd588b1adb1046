// @vitest-environment happy-dom
import { useQuery } from "@tanstack/react-query";
import { cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import { useState } from "react";
import { beforeEach, expect, test, vi } from "vitest";
import { forgetAfterEach, json, visit } from "../../tests/unit/shown";
import { get } from "../api/client";
import { queries } from "../api/queries";
import { useHere } from "./here";
import { Home } from "./home";
import { Shell } from "./shell";

forgetAfterEach();

/** Who is logged in at the server; null: nobody. */
let person: string | null;
/** What that one may look at. */
let names: string[];

beforeEach(() => {
  person = "ana";
  names = ["shop", "stock"];
  localStorage.clear();
  vi.stubGlobal("fetch", async (url: string) => {
    const path = url.replace("/console/api/v1/", "");
    const tenants = names.map((name, index) => ({ name, account: `11111111111${index}`, rights: {} }));
    if (path === "me") {
      const token = person ?? "visitor";
      return json(200, { person, login: "token", token, tenants: person ? tenants : [], region: "here", features: {} });
    }
    if (path === "session") {
      person = "ana";
      return new Response(null, { status: 204 });
    }
    return person ? json(200, {}) : json(401, { code: "LoginRequired", message: "Log in first" });
  });
});

/** Asks the server now and then, and has a field. */
function Page() {
  const { namespace, place } = useHere();
  useQuery({ queryKey: ["seen"], queryFn: () => get("seen"), refetchInterval: 50 });
  const [text, type] = useState("");
  return (
    <>
      <p>{`${namespace} is ${place.account}`}</p>
      <input aria-label="Field" value={text} onChange={({ target }) => type(target.value)} />
    </>
  );
}

const open = (path: string) => visit(path, { "/": Home, "/$namespace/start": Page, "/blueprints": Page }, Shell);

const field = () => screen.queryByRole("textbox", { name: "Field" });

test("what was typed when the session ended is there again after the login", async () => {
  open("/shop/start");
  fireEvent.change(await screen.findByRole("textbox", { name: "Field" }), { target: { value: "typed" } });

  person = null;
  await screen.findByText("Your session has ended");
  expect(field()).toBeNull();
  expect(screen.queryByRole("link", { name: "Executions" })).toBeNull();
  fireEvent.change(screen.getByLabelText("Token"), { target: { value: "new" } });
  fireEvent.click(screen.getByRole("button", { name: "Log in" }));

  await waitFor(() => expect(field()).toHaveProperty("value", "typed"));
  expect(screen.queryByText("Your session has ended")).toBeNull();
  screen.getByText("shop is 111111111110");
});

test("whoever comes for the first time is asked to log in, and told of no session", async () => {
  person = null;
  open("/shop/start");

  await screen.findByLabelText("Token");

  expect(screen.queryByText("Your session has ended")).toBeNull();
  expect(field()).toBeNull();
  expect(screen.queryByRole("navigation")).toBeNull();
});

test("whoever may look at nothing is told so, and as whom", async () => {
  names = [];
  open("/");

  await screen.findByText("There is nothing you may look at");
  screen.getByText(/You are logged in as ana\./);
  expect(screen.queryByRole("navigation")).toBeNull();
});

test("a page of a tenant that one may not look at has its name, and the way back to one's own", async () => {
  names = ["shop"];
  open("/bank/start");

  fireEvent.click(await screen.findByRole("button", { name: "Tenant: bank" }));

  await screen.findByRole("menuitemcheckbox", { name: "shop" });
});

test("a tenant is found by its account, too, as ARNs have it, and its pages lead to those by its name", async () => {
  open("/111111111111/start");
  await screen.findByText("stock is 111111111111");

  screen.getByRole("button", { name: "Tenant: stock" });
  expect(screen.getByRole("link", { name: "Executions" }).getAttribute("href")).toBe("/console/stock/executions");
});

test("of what one has seen and typed nothing is left where somebody else has logged in", async () => {
  const reload = vi.spyOn(location, "reload").mockImplementation(() => undefined);
  open("/shop/start");
  await screen.findByText("shop is 111111111110");

  person = "ben";
  void queries.invalidateQueries({ queryKey: ["me"] });

  await waitFor(() => expect(reload).toHaveBeenCalled());
  reload.mockRestore();
});

test("the address without anything leads to the start page of a tenant: of the one that was looked at last", async () => {
  const first = open("/");
  await screen.findByText("shop is 111111111110");
  expect(first.state.location.pathname).toBe("/shop/start");
  cleanup();

  open("/stock/start");
  await screen.findByText("stock is 111111111111");
  cleanup();

  open("/");
  await screen.findByText("stock is 111111111111");
});

test("a page of no tenant is one of the tenant that was looked at last", async () => {
  open("/stock/start");
  await screen.findByText("stock is 111111111111");
  cleanup();

  open("/blueprints");

  await screen.findByText("stock is 111111111111");
  expect(screen.getByRole("link", { name: "Executions" }).getAttribute("href")).toBe("/console/stock/executions");
});
