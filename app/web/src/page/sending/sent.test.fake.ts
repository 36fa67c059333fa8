/** A fake of the browser's XMLHttpRequest, for the tests of a photo that is sent: the test says how far it gets, and how it ends. */

import { act } from "@testing-library/react";
import { vi } from "vitest";

/** Every photo that was sent, oldest first; one that is sent again is there twice. */
export let sent: SentPhoto[] = [];

export class SentPhoto {
  readonly upload: { onprogress: (event: { loaded: number; total: number }) => void } = { onprogress: () => {} };
  status = 0;
  responseText = "";
  headers: Record<string, string> = {};
  onload: () => void = () => {};
  onerror: () => void = () => {};
  onabort: () => void = () => {};

  open() {}
  setRequestHeader() {}
  getResponseHeader(name: string) {
    return this.headers[name] ?? null;
  }
  send() {
    sent.push(this);
  }
  abort() {
    this.onabort();
  }

  async gets(share: number) {
    await act(async () => this.upload.onprogress({ loaded: share * 100, total: 100 }));
  }

  async isTakenIn(jobId: string) {
    const statusUrl = `/api/status/${jobId}`;
    await this.isAnswered(202, { success: true, jobId, sessionToken: "token", status: "pending", statusUrl });
  }

  async isRefused(status: number, code: string) {
    await this.isAnswered(status, { success: false, error: { code, message: `It says ${code}.` } });
  }

  /** By something that is not Darkroom. */
  async isRefusedInBetween(status: number) {
    this.status = status;
    this.responseText = "<h1>Forbidden</h1>";
    await act(async () => this.onload());
  }

  async isCutOff() {
    await act(async () => this.onerror());
  }

  async isAnswered(status: number, body: unknown) {
    this.status = status;
    this.responseText = JSON.stringify(body);
    await act(async () => this.onload());
  }
}

/** The newest, once there are so many. */
export async function photoSent(count: number): Promise<SentPhoto> {
  await act(() => vi.waitUntil(() => sent.length === count));
  return sent[count - 1] as SentPhoto;
}

/** Before each test. */
export function fakeSending() {
  sent = [];
  vi.stubGlobal("XMLHttpRequest", SentPhoto);
}
