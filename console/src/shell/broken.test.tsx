// @vitest-environment happy-dom
import { queryOptions, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { type ComponentType, Suspense } from "react";
import { expect, test, vi } from "vitest";
import { forgetAfterEach, visit } from "../../tests/unit/shown";
import { ApiFailure } from "../api/client";
import { Broken, Loading } from "./broken";
import { NotThere } from "./failures";
import { Offline } from "./offline";

forgetAfterEach();

function show(Page: ComponentType) {
  visit("/", {}, () => (
    <Suspense fallback={<Loading />}>
      <Offline />
      <Page />
    </Suspense>
  ));
}

test.each([
  [new ApiFailure(400, "AccessDeniedException", "ana may not"), "You may not look at this", "ana may not"],
  [new ApiFailure(403, "AccessDeniedException", "ana may not"), "You may not look at this", "ana may not"],
  [new ApiFailure(400, "StateMachineDoesNotExist", "none: 'x'"), "This does not exist", "none: 'x'"],
  [new ApiFailure(404, "ExecutionDoesNotExist", "none: 'x'"), "This does not exist", "none: 'x'"],
  [new NotThere("no such file"), "This does not exist", "no such file"],
  [new ApiFailure(500, "InternalServerError", "error_id 7"), "This page has failed", "error_id 7"],
  [new TypeError("x is not a function"), "This page has failed", "x is not a function"],
])("why a page cannot be shown is said, with ways out of it: %s", async (error, title, text) => {
  show(() => <Broken error={error} />);

  await screen.findByText(title);
  screen.getByText(text);
  screen.getByRole("button", { name: "Try again" });
  expect(screen.getByRole("link", { name: "To the start page" }).getAttribute("href")).toBe("/console/");
});

test.each([
  "Failed to fetch dynamically imported module: http://here/console/assets/viewer-1.js",
  "error loading dynamically imported module: http://here/console/assets/viewer-1.js",
  "Importing a module script failed.",
  "Unable to preload CSS for /console/assets/viewer-1.css",
])("a part of the console that does not come is fetched again by loading it anew: %s", async (message) => {
  const reload = vi.spyOn(location, "reload").mockImplementation(() => undefined);
  show(() => <Broken error={new TypeError(message)} />);
  await screen.findByText("Part of the console could not be loaded");

  fireEvent.click(screen.getByRole("button", { name: "Try again" }));

  expect(reload).toHaveBeenCalled();
});

let isAllowed = false;
const asked = queryOptions({
  queryKey: ["asked"],
  queryFn: async () => {
    if (!isAllowed) throw new ApiFailure(403, "AccessDeniedException", "not yet");
    return "here it is";
  },
});

function Asking() {
  const { data, error } = useQuery(asked);
  return error ? <Broken error={error} /> : <p>{data}</p>;
}

const Waiting = () => <p>{useSuspenseQuery(asked).data}</p>;

test.each([
  ["asks", Asking],
  ["waits for an answer", Waiting],
])("a page that %s and was refused asks again when one tries again", async (_, Page) => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  isAllowed = false;
  show(Page);
  await screen.findByText("not yet");

  isAllowed = true;
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));

  await screen.findByText("here it is");
});

let mayStill = true;
const watched = queryOptions({
  queryKey: ["watched"],
  queryFn: async () => {
    if (!mayStill) throw new ApiFailure(403, "AccessDeniedException", "ana may not");
    return "here it is";
  },
  refetchInterval: 50,
});

const Watching = () => <p>{useQuery(watched).data}</p>;

test("a right that was taken away is said beside what was seen with it, until it is given back", async () => {
  show(Watching);
  await screen.findByText("here it is");

  mayStill = false;
  await screen.findByText(/ana may not\. What you see dates from before that\./);
  screen.getByText("here it is");

  mayStill = true;
  await waitFor(() => expect(screen.queryByText(/ana may not/)).toBeNull());
});

let times = 0;
const late = queryOptions({
  queryKey: ["late"],
  queryFn: async () => {
    times += 1;
    if (times > 3) return "here it is";
    throw new ApiFailure(503, "ServiceUnavailableException", "The executions are being listed, 12,000 so far.");
  },
  retryDelay: 100,
});

function Late() {
  const { data } = useQuery(late);
  return data ? <p>{data}</p> : <Loading />;
}

test("what the server cannot tell yet is said in its words, and asked for until it can", async () => {
  show(Late);

  await screen.findByText(/The executions are being listed, 12,000 so far\. This page tries again by itself\./);
  await screen.findByText("here it is");
  await waitFor(() => expect(screen.queryByText(/are being listed/)).toBeNull());
});
