// Talking to the server: one function, one kind of error.
import type { ErrorDetail } from "./types.gen";

export class ApiError extends Error {
  readonly status: number;
  readonly code: ErrorDetail["code"];
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(status: number, detail: ErrorDetail) {
    super(detail.message);
    this.name = "ApiError";
    this.status = status;
    this.code = detail.code;
    this.line = detail.line;
    this.column = detail.column;
  }
}

let csrfToken = "";

/** Remembers the token that every change has to carry. */
export function setCsrfToken(token: string): void {
  csrfToken = token;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Sends a request and reads its JSON answer. Throws `ApiError` for anything else. */
export async function call<T>(
  method: Method,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const response = await send(method, path, body, signal, {});
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

/** How far a long answer has come. */
export type Progress = { done: number; all: number };

/** As a POST by `call`, told meanwhile how far the server has come. */
export async function callWithProgress<T>(
  path: string,
  body: unknown,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<T> {
  const response = await send("POST", path, body, signal, { accept: "application/x-ndjson" });
  for await (const line of linesOf(response)) {
    const told = JSON.parse(line) as { progress?: Progress; result?: T; error?: { message: string } };
    if (told.progress) onProgress(told.progress);
    if (told.error) throw new ApiError(response.status, { code: "internal", message: told.error.message });
    if (told.result !== undefined) return told.result;
  }
  throw new ApiError(0, { code: "unavailable", message: "The server's answer broke off." });
}

/** The lines of a text that is still being sent. */
async function* linesOf(response: Response): AsyncGenerator<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const part = await reader?.read();
    const lines = (rest + (part?.value ?? "")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield line;
    if (!part || part.done) break;
  }
  if (rest.trim() !== "") yield rest;
}

async function send(
  method: Method,
  path: string,
  body: unknown,
  signal: AbortSignal | undefined,
  headers: Record<string, string>,
): Promise<Response> {
  if (method !== "GET") headers["x-picket-csrf"] = csrfToken;
  if (body !== undefined) headers["content-type"] = "application/json";
  const request: RequestInit = { method, headers, credentials: "same-origin" };
  if (body !== undefined) request.body = JSON.stringify(body);
  if (signal) request.signal = signal;
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, request);
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError(0, { code: "unavailable", message: "The server cannot be reached." });
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** The error that an answer tells of. */
export async function errorOf(response: Response): Promise<ApiError> {
  try {
    const body: unknown = await response.json();
    const detail = (body as { error: ErrorDetail }).error;
    if (typeof detail.message === "string") return new ApiError(response.status, detail);
  } catch {
    // Not from our server: a proxy in between, most likely.
  }
  return new ApiError(response.status, {
    code: "internal",
    message: `The server answered with status ${response.status}.`,
  });
}

/** `?a=1&b=2` of the values that are set. */
export function query(values: Record<string, string | number | boolean | undefined>): string {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(set.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
}
