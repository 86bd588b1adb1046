/** The one way to the server: AWS's operations, and the console's own routes beside them. */
import type { Me } from "./generated/console";

const API = "/console/api/v1";
const TOKEN = "X-Stepwright-Console";

/** What the server refused, or (`status` 0) that it did not answer. */
export class ApiFailure extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly pointer: string | null = null,
  ) {
    super(message);
    this.name = "ApiFailure";
  }
}

/** Whether it may well be had a moment later: no answer, a server that cannot answer yet, or one that is being exchanged. */
export const isUnavailable = (failure: unknown): boolean =>
  failure instanceof ApiFailure && (failure.status === 0 || (failure.status >= 502 && failure.status <= 504));

type Parameter = string | number | boolean | null | undefined;
export type Parameters = Record<string, Parameter | readonly Parameter[]>;

/** The address of a route: what is null or undefined is left out, and each of several values stands by itself. */
export function address(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [name, given] of Object.entries(parameters)) {
    for (const value of [given].flat()) {
      if (value !== null && value !== undefined) query.append(name, String(value));
    }
  }
  return query.size ? `${API}/${path}?${query}` : `${API}/${path}`;
}

/** What a route of the console's own answers. Raises ApiFailure. */
export async function get<Answer>(path: string, parameters?: Parameters, signal?: AbortSignal): Promise<Answer> {
  const answer = await ask(address(path, parameters), signal ? { signal } : {});
  return (await answer.json()) as Answer;
}

/** What an operation of AWS's API answers. Raises ApiFailure, whose code is AWS's name of the error. */
export async function perform<Answer>(operation: string, input: object, signal?: AbortSignal): Promise<Answer> {
  const ns = tenant();
  const path = ns === null ? `aws/${operation}` : `aws/${operation}?ns=${ns}`;
  const answer = await change("POST", path, input, signal);
  return (await answer.json()) as Answer;
}

/** Whose page this is, as its address has it: where things are that an operation names without an ARN. */
function tenant(): string | null {
  const [, , name, page] = globalThis.location?.pathname.split("/") ?? [];
  return name && page ? name : null;
}

/** Whatever is no GET proves that a page of ours sends it. */
export async function change(method: string, path: string, body: object, signal?: AbortSignal): Promise<Response> {
  return proven((proof) =>
    ask(address(path), {
      method,
      headers: { "Content-Type": "application/json", [TOKEN]: proof },
      body: JSON.stringify(body),
      ...(signal ? { signal } : {}),
    }),
  );
}

/** An answer that comes piece by piece; reading it needs the proof, too. Raises ApiFailure. */
export async function stream(
  path: string,
  parameters: Parameters,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const answer = await proven((proof) => ask(address(path, parameters), { headers: { [TOKEN]: proof }, signal }));
  return answer.body ?? new ReadableStream();
}

/** A server that was started anew has another proof, and so has somebody else who has logged in in another tab. */
async function proven(send: (proof: string) => Promise<Response>): Promise<Response> {
  try {
    return await send(await proof());
  } catch (failure) {
    if (!(failure instanceof ApiFailure && failure.code === "StaleToken")) throw failure;
    token = null;
    doubt();
    return send(await proof());
  }
}

let token: string | null = null;
let doubt: () => void = () => undefined;

/** `act`: wherever it may not be so any more who is logged in. */
export function whenInDoubt(act: () => void): void {
  doubt = act;
}

/** `v1/me` hands it out. */
export function remember(proof: string): void {
  token = proof;
}

async function proof(): Promise<string> {
  token ??= (await get<Me>("me")).token;
  return token;
}

/** The answer as it comes, for streams. Raises ApiFailure. */
export async function ask(url: string, how: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(url, { credentials: "same-origin", ...how });
  } catch (error) {
    if (how.signal?.aborted) throw error;
    throw new ApiFailure(0, "Unreachable", error instanceof Error ? error.message : String(error));
  }
  if (answer.ok) return answer;
  if (answer.status === 401) doubt();
  throw refusal(answer.status, await answer.text());
}

/** Whatever stands between us and the server may answer in words of its own. */
function refusal(status: number, text: string): ApiFailure {
  try {
    const told = JSON.parse(text) as { code?: string; message?: string; pointer?: string };
    return new ApiFailure(status, told.code ?? `${status}`, told.message ?? text, told.pointer ?? null);
  } catch {
    return new ApiFailure(status, `${status}`, `The server answered ${status}: ${text.slice(0, 200)}`);
  }
}

/** An id as a part of a path: ARNs hold colons, and names anything. */
export const part = encodeURIComponent;
