import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import axe from "axe-core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { MemberBody, Role } from "../../status/schema";
import { endOf, inOrder, untilWords } from "./access";
import { Staff } from "./Staff";

const TOKEN = "dks_a-token-of-a-test";

function member(name: string, given: Partial<MemberBody> = {}): MemberBody {
  const since = "2026-11-01T09:00:00Z";
  const none = { until: null, revokedAt: null, state: "active" as const };
  return { name, role: "agent", addedAt: since, tokenSince: since, ...none, ...given };
}

let members: MemberBody[] = [];
let asked: { method: string; path: string; body: unknown }[] = [];
let refusal: { status: number; code: string; message: string } | null = null;

beforeEach(() => {
  members = [
    member("ada", { role: "admin" }),
    member("bo", { state: "revoked", revokedAt: "2026-11-02T09:00:00Z" }),
    member("cleo", { until: "2027-02-01T00:00:00Z" }),
  ];
  asked = [];
  refusal = null;
  // jsdom draws no dialogs.
  HTMLDialogElement.prototype.showModal = function show() {
    this.open = true;
  };
  vi.stubGlobal("fetch", async (path: string, { method, body }: { method: string; body?: string }) => {
    asked.push({ method, path, body: body && JSON.parse(body) });
    if (refusal && method === "POST") {
      const { status, ...error } = refusal;
      return new Response(JSON.stringify({ success: false, error }), { status });
    }
    const [first] = members;
    const answer = method === "GET" ? { members } : { member: first, token: TOKEN };
    return new Response(JSON.stringify({ success: true, ...answer }));
  });
});

afterEach(cleanup);

function open(role: Role = "admin") {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const person = { success: true as const, name: "ada", role, endsAt: null, csrfToken: "csrf" };
  const opened = render(
    <QueryClientProvider client={client}>
      <Staff person={person} />
    </QueryClientProvider>,
  );
  return { ...opened, client };
}

test("an admin sees who may come in first, and until when", async () => {
  const { container } = open();
  await screen.findByRole("row", { name: /ada/ });

  expect(screen.getAllByRole("rowheader").map(({ textContent }) => textContent)).toEqual(["ada", "cleo", "bo"]);
  expect(screen.getByRole("row", { name: /cleo/ }).textContent).toContain("the end of 2027-01-31");
  expect(screen.queryByRole("button", { name: "Revoke bo" })).toBeNull();
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map(({ id }) => id)).toEqual([]);
});

test.each<Role>(["viewer", "agent"])("a member who is %s is offered nothing and asks nothing", (role) => {
  open(role);

  expect(screen.getByText(/managing the staff takes an admin/)).toBeTruthy();
  expect(screen.queryAllByRole("button")).toEqual([]);
  expect(asked).toEqual([]);
});

test("a member is added, and the token is shown once and kept nowhere", async () => {
  const { client } = open();
  fireEvent.click(await screen.findByRole("button", { name: "Add a member…" }));
  const form = screen.getByRole("dialog", { name: "Add a member" });
  fireEvent.change(within(form).getByLabelText("Name"), { target: { value: " dora " } });
  fireEvent.click(within(form).getByLabelText(/^Agent/));
  fireEvent.change(within(form).getByLabelText(/^Last day/), { target: { value: "2027-01-31" } });
  fireEvent.click(within(form).getByRole("button", { name: "Add" }));
  const shown = await screen.findByRole("dialog", { name: "The token of ada" });

  const until = "2027-02-01T00:00:00.000Z";
  expect(asked[1]).toEqual({
    method: "POST",
    path: "/api/support/staff",
    body: { name: "dora", role: "agent", until },
  });
  expect((within(shown).getByLabelText(/^Token of/) as HTMLInputElement).value).toBe(TOKEN);
  const known = asked.length;
  fireEvent.click(within(shown).getByRole("button", { name: "I have it" }));
  await waitFor(() => expect(asked.length).toBeGreaterThan(known));
  expect(document.body.innerHTML).not.toContain(TOKEN);
  await waitFor(() => expect(client.getMutationCache().getAll()).toEqual([]));
});

test("the list is not asked for again while a token is read, which may have ended this session", async () => {
  open();
  fireEvent.click(await screen.findByRole("button", { name: "New token for ada" }));
  const form = screen.getByRole("dialog", { name: "Give ada a new token?" });
  expect(form.textContent).toContain("this one too");
  fireEvent.click(within(form).getByRole("button", { name: "Give a new token" }));
  await screen.findByRole("dialog", { name: "The token of ada" });

  expect(asked.slice(1)).toEqual([{ method: "POST", path: "/api/support/staff/ada/rotate", body: { role: "admin" } }]);
});

test("a member is revoked after a question", async () => {
  open();
  fireEvent.click(await screen.findByRole("button", { name: "Revoke cleo" }));
  const form = screen.getByRole("dialog", { name: "Revoke cleo?" });
  fireEvent.click(within(form).getByRole("button", { name: "Revoke" }));

  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(asked[1]).toEqual({ method: "POST", path: "/api/support/staff/cleo/revoke", body: {} });
});

test("what the server refuses is said in the dialog", async () => {
  refusal = { status: 409, code: "STAFF_NAME_TAKEN", message: "There is a staff member dora already." };
  open();
  fireEvent.click(await screen.findByRole("button", { name: "Add a member…" }));
  fireEvent.change(screen.getByLabelText("Name"), { target: { value: "dora" } });
  fireEvent.click(screen.getByRole("button", { name: "Add" }));

  expect((await screen.findByRole("alert")).textContent).toContain("There is a staff member dora already.");
});

test("a last day is counted to its end, and told as such", () => {
  expect(endOf("2026-12-31")).toBe("2027-01-01T00:00:00.000Z");
  expect(untilWords(endOf("2026-12-31"))).toBe("the end of 2026-12-31");
  expect(untilWords("2027-01-31T17:00:00Z")).toBe("2027-01-31 17:00:00");
  expect(inOrder([member("a", { state: "ended" }), member("b")]).map(({ name }) => name)).toEqual(["b", "a"]);
});
