import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import axe from "axe-core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "./App";

// jsdom has no canvas; tests/browser draws the charts.
vi.mock("uplot", () => ({ default: class {} }));

const SPAN = { since: "2026-11-01T00:00:00Z", until: "2026-11-03T00:00:00Z", step: "day" };
const COVERAGE = { begin: "2026-11-02T10:00:00Z", end: "2026-11-02T18:00:00Z", behindEvents: 7 };
const CHART = {
  ...SPAN,
  success: true,
  name: "throughput",
  title: "Throughput",
  columns: ["period", "submitted"],
  rows: [
    ["2026-11-01T00:00:00Z", null],
    ["2026-11-02T00:00:00Z", 4],
  ],
  ignores: ["model"],
  sql: "SELECT 1",
  coverage: COVERAGE,
};
const INSIGHTS = {
  ...SPAN,
  success: true,
  charts: [{ name: "throughput", title: "Throughput" }],
  promptVersions: [1, 2],
  models: ["a model"],
  coverage: COVERAGE,
};

let asked: string[] = [];
let isSignedIn = true;
let chart: object = CHART;

beforeEach(() => {
  asked = [];
  isSignedIn = true;
  chart = CHART;
  sessionStorage.clear();
  history.replaceState(null, "", "/insights");
  vi.stubGlobal("fetch", async (path: string, { headers }: { headers: { Authorization?: string } }) => {
    asked.push(path);
    if (!isSignedIn && headers.Authorization !== "Bearer dks_right") {
      const error = { code: "UNAUTHORIZED", message: "You are not signed in." };
      return new Response(JSON.stringify({ success: false, error }), { status: 401 });
    }
    return new Response(JSON.stringify(path.includes("/charts/") ? chart : INSIGHTS));
  });
});

afterEach(cleanup);

function open() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return render(
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>,
  );
}

test("a chart is shown with its sentence, its table and its SQL, and is accessible", async () => {
  const { container } = open();
  await screen.findByText("4 submitted. For 1 of 2 periods the statistics know nothing: they are left out.");

  expect(screen.getByText("SELECT 1")).toBeTruthy();
  expect(screen.getAllByRole("row").length).toBe(3);
  expect(screen.getByText(/they are 7 events behind, at 2026-11-02 18:00/)).toBeTruthy();
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map(({ id }) => id)).toEqual([]);
});

test("the table shows codes as they are, and times without their form", async () => {
  const rows = [["2026-11-02T10:00:00Z", "IMAGE_TRUNCATED", 2]];
  chart = { ...CHART, name: "failures", columns: ["period", "code", "failures"], rows };
  open();

  expect(await screen.findByRole("row", { name: "2026-11-02 10:00 IMAGE_TRUNCATED 2" })).toBeTruthy();
});

test("a span that the statistics do not cover has no drawing", async () => {
  const rows = [["submitted", null]];
  chart = { ...CHART, name: "funnel", columns: ["step", "uploads"], rows, until: "2026-11-02T00:00:00Z" };
  const { container } = open();
  await screen.findByText(/The statistics know nothing of this span/);

  expect(container.querySelector("meter")).toBeNull();
  expect(screen.queryByText(/still grow/)).toBeNull();
});

test("the console is a link away once the person is signed in, not before", async () => {
  isSignedIn = false;
  const { unmount } = open();
  await screen.findByLabelText("Staff token");
  expect(screen.queryByRole("link", { name: "Support console" })).toBeNull();
  unmount();

  isSignedIn = true;
  open();
  expect((await screen.findByRole("link", { name: "Support console" })).getAttribute("href")).toBe("/support");
});

test("a filter is in the address, and is asked for", async () => {
  open();
  await screen.findByRole("option", { name: "2" });
  fireEvent.change(screen.getByLabelText("Prompt version"), { target: { value: "2" } });
  await waitFor(() => expect(asked.at(-1)).toContain("promptVersion=2"));

  expect(location.search).toContain("promptVersion=2");
});

test("a span of the address is asked for", async () => {
  history.replaceState(null, "", "/insights?since=2026-11-01&until=2026-11-03&model=a+model");
  open();
  await screen.findByText(/Of all models/);

  expect(asked[0]).toBe("/api/analysis?since=2026-11-01&until=2026-11-03&model=a+model");
});

test("who is not signed in is asked for a token, and told what was wrong with one", async () => {
  isSignedIn = false;
  open();
  expect(await screen.findByText(/Sign in with the token/)).toBeTruthy();
  expect(screen.queryByText("You are not signed in.")).toBeNull();
  fireEvent.change(screen.getByLabelText("Staff token"), { target: { value: "dks_wrong" } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByText("You are not signed in.")).toBeTruthy();

  fireEvent.change(screen.getByLabelText("Staff token"), { target: { value: " dks_right " } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));

  expect(await screen.findByRole("heading", { name: "Throughput" })).toBeTruthy();
});
