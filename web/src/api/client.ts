// One place that speaks to the server. The cookie set by the first URL is the token; a refused
// request becomes an ApiError with the server's own words.

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly field: string | null,
  ) {
    super(message);
  }
}

async function failure(answer: Response): Promise<ApiError> {
  let message = `${answer.status} ${answer.statusText}`;
  let field: string | null = null;
  try {
    const body = (await answer.json()) as { error?: { message?: string; field?: string | null } };
    if (body.error?.message) message = body.error.message;
    field = body.error?.field ?? null;
  } catch {
    // A body that is not JSON says no more than the status does.
  }
  return new ApiError(answer.status, message, field);
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const answer = await fetch(path, { credentials: "same-origin", ...(signal ? { signal } : {}) });
  if (!answer.ok) throw await failure(answer);
  return (await answer.json()) as T;
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  const answer = await fetch(path, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw await failure(answer);
  const text = await answer.text();
  return (text === "" ? {} : JSON.parse(text)) as T;
}

/** A query string without the empty parts. */
export function query(parts: Record<string, string | number | boolean | undefined | null>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parts)) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}
