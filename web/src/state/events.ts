// Server-sent events, one connection for the whole page. `fetch` of the run's state follows each
// event at most once in 500 ms, so that a fast reviewer or judge does not flood the server.

type Handler = (data: unknown) => void;

const handlers = new Map<string, Set<Handler>>();
let source: EventSource | null = null;

function open(): EventSource {
  const events = new EventSource("/api/events");
  for (const name of ["progress", "verdict", "decision", "report"]) {
    events.addEventListener(name, (event) => {
      let data: unknown = null;
      try {
        data = JSON.parse((event as MessageEvent<string>).data);
      } catch {
        return;
      }
      for (const handler of handlers.get(name) ?? []) handler(data);
    });
  }
  return events;
}

export function on(
  name: "progress" | "verdict" | "decision" | "report",
  handler: Handler,
): () => void {
  source ??= open();
  const set = handlers.get(name) ?? new Set();
  set.add(handler);
  handlers.set(name, set);
  return () => set.delete(handler);
}
