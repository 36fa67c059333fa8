/** Why a poll was not answered with a status: a code for programs, a sentence for people. */

export class StatusError extends Error {
  override readonly name = "StatusError";

  constructor(
    readonly code: string,
    message: string,
    /** Asking again cannot help. */
    readonly isFinal = false,
    /** What the server asked for, in milliseconds. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(message);
  }
}
