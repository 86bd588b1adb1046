import type { BrowserContextOptions, Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { barriers, open, type Tab } from "../browser/browser";
import { tabs } from "../browser/tabs";
import { kubectl, served } from "./served";

const { shop, stock, tokens } = served;
const GREETS = `${shop}/machines/greets`;
const DESK: BrowserContextOptions = { ignoreHTTPSErrors: true };

/** The provider's pages are its own. */
const { visit, browser } = tabs(new RegExp(`\\((${served.issuer}|https://fonts\\.)`));
const address = (path: string) => `${served.address}/console/${path}`;
const opened = (path: string, options = {}) => visit(address(path), { ...DESK, ...options });

const login = (page: Page) => page.getByLabel("Token");
const heading = (page: Page, name: string) => page.getByRole("heading", { name, exact: true });
const ended = (page: Page) => page.getByText("Your session has ended");
const dialog = (page: Page) => page.getByRole("dialog");

async function enter(page: Page, token: string): Promise<void> {
  await login(page).fill(token);
  await page.getByRole("button", { name: "Log in with the token" }).click();
}

async function logOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Theme and account" }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.getByText("You are logged out").waitFor();
}

async function atProvider(page: Page, name: string): Promise<void> {
  await page.getByPlaceholder(/login/i).fill(name);
  await page.getByPlaceholder(/password/i).fill("any");
  await page.getByRole("button").click();
  await page.getByRole("button", { name: /continue/i }).click();
}

/** What a browser tells a page that somebody comes back to. */
const comeBackTo = (page: Page) =>
  page.evaluate("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))");

// A right counts for some seconds after it was taken away: others go on meanwhile.
let watching: Tab;
beforeAll(async () => {
  watching = await open(await browser(), DESK);
  const { page } = watching;
  await page.goto(address(`${shop}/executions/patient/patient-1`));
  await enter(page, tokens.eve);
  await page.getByText("Live", { exact: true }).waitFor();
  await kubectl("delete", "rolebinding", "rights-of-eve");
});

test.each([
  ["in light", { colorScheme: "light" }],
  ["in dark", { colorScheme: "dark" }],
  ["on a small screen", { viewport: { width: 320, height: 640 } }],
] as const)("whoever is not logged in is shown the login alone, without barriers %s", async (_, options) => {
  const page = await opened(`${GREETS}?login=denied`, options);
  await login(page).waitFor();

  await page.getByText("The login page did not let you in.").waitFor();
  expect(await barriers(page)).toEqual([]);
  expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  expect(await page.getByRole("navigation").count()).toBe(0);
  expect(await page.title()).toBe("Log in · Stepwright");
});

test("a wrong token is refused in words, and a right one leads to the page that was asked for", async () => {
  const page = await opened(`${GREETS}?shown=text`);
  await enter(page, "forged");
  await page.getByRole("alert").getByText("The token is not valid").waitFor();
  expect(await barriers(page)).toEqual([]);

  await enter(page, tokens.rita);

  await heading(page, "greets").waitFor();
  expect(page.url()).toBe(address(`${GREETS}?shown=text`));
});

test("buttons for what one may not do say which right is missing, and Studio is there to be read", async () => {
  const page = await opened(GREETS);
  await enter(page, tokens.rita);
  const start = page.getByRole("button", { name: "Start execution" });
  await start.hover();
  await page
    .getByText(`You may not do this in ${shop}: this needs the right to create executions.stepwright.dev`)
    .filter({ visible: true })
    .waitFor();
  expect(await start.getAttribute("aria-disabled")).toBe("true");

  await page.getByRole("link", { name: "Edit" }).click();

  await page.getByText("Read-only", { exact: true }).waitFor();
  await page.getByText(/Read-only: You may not do this in .* update statemachines\.stepwright\.dev/).waitFor();
  expect(await barriers(page)).toEqual([]);
});

test("one chooses among the tenants that one may look at, and another one is said to be forbidden", async () => {
  const page = await opened("");
  await enter(page, tokens.dana);
  await page.getByRole("button", { name: /^Tenant: / }).click();
  expect((await page.getByRole("menuitemcheckbox").allTextContents()).sort()).toEqual([shop, stock].sort());

  await page.getByRole("menuitemcheckbox", { name: stock }).click();
  await page.getByText("No state machine yet").waitFor();
  await page.getByRole("button", { name: `Tenant: ${stock}` }).waitFor();

  await page.goto(address("kube-system/executions"));
  await page.getByText("You may not look at this").waitFor();
  await page.getByRole("button", { name: "Tenant: kube-system" }).waitFor();
  expect(await barriers(page)).toEqual([]);
});

test("whoever may look at nothing is told what it takes, and for whom", async () => {
  const page = await opened("");
  await enter(page, tokens.nora);

  await page.getByText(`You are logged in as system:serviceaccount:${shop}:nora.`).waitFor();
  expect(await barriers(page)).toEqual([]);
  await logOut(page);
  expect(await barriers(page)).toEqual([]);
});

test("a page whose session ends waits behind the login with what was typed, and goes on after it to what ARNs name", async () => {
  const page = await opened(GREETS, { viewport: { width: 320, height: 640 } });
  await enter(page, tokens.dana);
  await page.getByRole("button", { name: "Start execution" }).click();
  const input = dialog(page).getByRole("textbox", { name: "Input" });
  const parent = `arn:aws:states:us-east-1:${served.account}:execution:patient:patient-1`;
  const typed = JSON.stringify({ AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: parent });
  await input.fill(typed);
  const other = await page.context().newPage();
  await other.goto(address(""));
  await logOut(other);
  expect(other.url()).toBe(address("?login=out"));

  const start = dialog(page).getByRole("button", { name: "Start execution" });
  await start.click({ timeout: 5_000 }).catch(() => undefined); // it may have noticed by itself
  await ended(page).waitFor();
  expect(await page.evaluate("scrollY")).toBe(0);
  expect(await dialog(page).isVisible()).toBe(false);
  expect(await page.getByRole("navigation").count()).toBe(0);
  expect(await barriers(page)).toEqual([]);
  await enter(page, tokens.dana);

  await input.waitFor();
  expect(await input.inputValue()).toBe(typed);
  expect(await dialog(page).getByText("This was refused").count()).toBe(0);
  await start.click();
  await page.waitForURL(address(`${shop}/executions/greets/*`));
  await page.getByText("Succeeded").first().waitFor();
  await page.getByRole("link", { name: "patient / patient-1" }).click();
  await page.waitForURL(address(`${shop}/executions/patient/patient-1`));
  await page.getByRole("heading", { name: /^patient-1/ }).waitFor();
});

test("somebody else who logs in sees nothing of what was typed, which is there for its author again", async () => {
  const page = await opened(`${shop}/new`);
  await enter(page, tokens.dana);
  const text = page.getByRole("textbox", { name: "Text of the definition" });
  await page.getByLabel("Pass state Begin").waitFor();
  await text.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("# danas ");
  await page.context().clearCookies();
  await page.keyboard.type("words"); // which the server is asked about
  await ended(page).waitFor();

  await enter(page, tokens.ben);
  await page.getByText("Not created yet").waitFor();
  expect(await text.textContent()).not.toContain("danas words");
  await logOut(page);
  await page.goto(address(`${shop}/new`));
  await enter(page, tokens.dana);

  await page.getByText(/as you left it/).waitFor();
  expect(await text.textContent()).toContain("danas words");
});

test("one logs in at the organisation's login page, comes back by another tab, and logs out there, too", async () => {
  const page = await opened(GREETS);
  const logIn = page.getByRole("link", { name: /^Log in/ });
  await logIn.click();
  await atProvider(page, "ana+sellers");
  await heading(page, "greets").waitFor();
  expect(page.url()).toBe(address(GREETS));
  await page.context().clearCookies({ name: "__Host-stepwright" });
  const isEnded = async () => {
    await comeBackTo(page);
    return ended(page).count();
  };
  await expect.poll(isEnded, { timeout: 60_000, interval: 500 }).toBe(1);

  const elsewhere = page.context().waitForEvent("page");
  await logIn.click();
  await heading(await elsewhere, "greets").waitFor();
  await comeBackTo(page);
  await heading(page, "greets").waitFor();
  expect(await ended(page).count()).toBe(0);

  await logOut(page);
  await page.getByRole("link", { name: "Log out there, too" }).click();
  await page.getByRole("button", { name: "Yes" }).click();
  await page.goto(address(""));
  await logIn.click();
  await page.getByPlaceholder(/login/i).waitFor();
});

test("whose right is taken away while a page is open is told so there", async () => {
  const { page, troubles } = watching;

  await page.getByText("You may no longer look at this").waitFor();
  await page.getByText("this needs the right to get executions.stepwright.dev").waitFor();
  expect(await barriers(page)).toEqual([]);
  expect(troubles).toEqual([]);
});
