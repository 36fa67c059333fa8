/** The hook and a server that holds its answers, or only seems to. */

import { act } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type Answer,
  breaks,
  COMPLETED,
  client,
  close,
  fetching,
  follow,
  followed,
  GENERATING,
  holds,
  JOB,
  open,
  pass,
  STORING,
  says,
  sentHeaders,
  server,
  silent,
  turnTab,
  unmoved,
} from "./server.test.fake";
import { keepSession } from "./sessions.ts";
import { prefetchStatus } from "./useStatus.ts";

beforeEach(open);
afterEach(close);

test("a server that holds its answers is asked again at once, whether it had news or none for long", async () => {
  server(says(GENERATING), holds(7000, says(STORING)), holds(20_000, unmoved), holds(300, says(COMPLETED)));
  const shown = follow();
  await pass(2501 + 7001);
  expect(shown.current.progress).toBe(80);
  expect(fetching).toHaveBeenCalledTimes(3);
  await pass(20_010);
  expect(fetching).toHaveBeenCalledTimes(4);
  await pass(310);
  expect(shown.current).toMatchObject({ isComplete: true, error: null });
  await pass(60_000);
  expect(fetching).toHaveBeenCalledTimes(4);
});

test.each([
  ["unchanged much too soon", unmoved],
  ["with what was known before", says(STORING)],
])("an answer that comes back %s is not rushed after", async (_, answer) => {
  server(says(GENERATING), holds(10, says(STORING)), holds(10, answer));
  follow();
  await pass(2600);
  expect(fetching).toHaveBeenCalledTimes(3);
  await pass(2300);
  expect(fetching).toHaveBeenCalledTimes(3);
  await pass(300);
  expect(fetching).toHaveBeenCalledTimes(4);
});

test("where something in between cuts off what is held, it polls as ever and says nothing of it", async () => {
  const cut = () => new Promise<Response>((_, reject) => setTimeout(() => reject(new TypeError("reset")), 8000));
  server(says(GENERATING), holds(10, says(STORING)), cut, unmoved);
  const shown = follow();
  await pass(2600 + 8000);
  expect(shown.current).toMatchObject({ progress: 80, error: null });
  expect(fetching).toHaveBeenCalledTimes(3);
  await pass(2500);
  expect(fetching).toHaveBeenCalledTimes(4);
  expect(sentHeaders(3)).toEqual({ "X-Session-Token": "token", "If-None-Match": '"6"' });
  await pass(2500);
  expect(fetching).toHaveBeenCalledTimes(5);
  expect(sentHeaders(4)).toEqual(sentHeaders(3));
});

test("in trouble nothing is held, so that its end is heard at once", async () => {
  server(says(GENERATING), breaks, unmoved, unmoved);
  const shown = follow();
  await pass(2600);
  expect(shown.current.error?.code).toBe("NETWORK");
  await pass(2500);
  expect(sentHeaders(2)).not.toHaveProperty("Prefer");
  await pass(2500);
  expect(sentHeaders(3)).toHaveProperty("Prefer");
});

test("a hidden tab lets go of what is held, holds no other, and asks at once when it is seen again", async () => {
  server(says(GENERATING), holds(20_000, unmoved), unmoved);
  const shown = follow();
  await pass(4000);
  await turnTab("hidden");
  expect(fetching.mock.calls[1]?.[1]?.signal?.aborted).toBe(true);
  await pass(30_000);
  expect(fetching).toHaveBeenCalledTimes(3);
  expect(sentHeaders(2)).not.toHaveProperty("Prefer");
  await turnTab("visible");
  expect(fetching).toHaveBeenCalledTimes(4);
  expect(sentHeaders(3)).toHaveProperty("Prefer");
  expect(shown.current).toMatchObject({ progress: 45, error: null });
});

test("what is held is let go when the network goes, and what is wrong is said", async () => {
  server(says(GENERATING), holds(20_000, unmoved), breaks);
  const shown = follow();
  await pass(4000);
  await act(async () => void window.dispatchEvent(new Event("offline")));
  await pass(2600);
  expect(shown.current).toMatchObject({ progress: 45, error: { code: "NETWORK" } });
});

test("of many jobs two are held, so that the browser has connections left, and the others are polled", async () => {
  const jobs = ["one", "two", "three"];
  fetching.mockImplementation(async (url, request) => {
    const body = { ...GENERATING, jobId: String(url).split("/").at(-1) as string };
    const isKnown = "If-None-Match" in ((request?.headers ?? {}) as object);
    return (isKnown ? holds(20_000, unmoved) : says(body))(request);
  });
  for (const job of jobs) {
    keepSession(job, "token");
    follow(job);
  }
  await pass(2600);
  const asked = fetching.mock.calls.slice(3).map(([, request]) => "Prefer" in ((request?.headers ?? {}) as object));
  expect(asked).toEqual([true, true, false]);
});

test("asked for before it is shown, it is shown with the answer, and its next poll can be held", async () => {
  server(says(GENERATING), holds(60, says(STORING)), unmoved);
  await prefetchStatus(client, JOB);
  expect(fetching).toHaveBeenCalledTimes(1);

  const shown = follow();
  expect(shown.current).toMatchObject({ isLoading: false, progress: 45 });
  await pass(62);

  expect(sentHeaders(1)).toMatchObject({ "If-None-Match": '"5"', Prefer: "wait=20" });
  expect(shown.current.progress).toBe(80);
});

test("the next poll is sent before the answer to the last one is drawn", async () => {
  const order: string[] = [];
  const asked = (answer: Answer) => (request?: RequestInit) => {
    order.push("asked");
    return answer(request);
  };
  server(asked(holds(10, says(GENERATING))), asked(holds(10, says(STORING))), asked(holds(10, says(COMPLETED))));
  follow(JOB, ({ progress }) => order.at(-1) !== `${progress}` && order.push(`${progress}`));
  await pass(100);
  expect(order).toEqual(["0", "asked", "asked", "45", "asked", "80", "100"]);
});

test("opened in a hidden tab it asks once and slowly on, and goes on at once when it is seen", async () => {
  await turnTab("hidden");
  server(says(GENERATING), holds(10, says(STORING)), holds(20_000, unmoved));
  const shown = follow();
  await pass(15_000);
  expect(fetching).toHaveBeenCalledTimes(1);
  expect(sentHeaders(0)).not.toHaveProperty("Prefer");
  expect(shown.current.progress).toBe(45);
  await turnTab("visible");
  await pass(20);
  expect(fetching).toHaveBeenCalledTimes(3);
  expect(shown.current.progress).toBe(80);
});

test("what was learnt while a poll is held is still known to one who looks away and comes back", async () => {
  server(holds(10, says(GENERATING)), holds(10, says(STORING)), silent);
  const { result, unmount } = followed();
  await pass(30);
  expect(result.current.progress).toBe(80);
  unmount();
  expect(fetching.mock.calls[2]?.[1]?.signal?.aborted).toBe(true);
  expect(follow().current.progress).toBe(80);
});

test("asked for before it is shown, of a server that holds its answers, it is asked on before it is shown", async () => {
  server(holds(10, says(GENERATING)), holds(10, says(STORING)), holds(20_000, unmoved));
  void prefetchStatus(client, JOB);
  await pass(10);
  expect(fetching).toHaveBeenCalledTimes(2);
  expect(sentHeaders(1)).toMatchObject({ "If-None-Match": '"5"', Prefer: "wait=20" });

  const shown = follow();
  expect(shown.current.progress).toBe(45);
  await pass(20);
  expect(shown.current.progress).toBe(80);
  expect(fetching).toHaveBeenCalledTimes(3);
});
