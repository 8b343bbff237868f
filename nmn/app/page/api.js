// The JSON API: one function to ask it, one error that says what the server said.

export class ApiError extends Error {
  constructor(status, details) {
    super(details.message);
    this.status = status;
    this.details = details;
  }
}

export async function call(path, body) {
  // errors inside answers of status 200: a browser would else write each into its console as well
  const headers = { "nmn-errors": "inline" };
  const options = body === undefined ? { headers } : {
    method: "POST", headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body),
  };
  let response, data;
  try {
    response = await fetch(path, options);
    data = await response.json();
  } catch {
    throw new ApiError(0, { message: "the server does not answer; is nmn serve still running?" });
  }
  if (data.error) throw new ApiError(response.status, data.error);
  return data;
}

// Returns a function that runs `work` one at a time: calls that come meanwhile become one more run at the end.
export function oneAtATime(work) {
  let running = false, again = false;
  return async function run() {
    if (running) { again = true; return; }
    running = true;
    try {
      do { again = false; await work(); } while (again);
    } finally {
      running = false;
    }
  };
}

export function base64(buffer) {
  const bytes = new Uint8Array(buffer), parts = [];
  for (let at = 0; at < bytes.length; at += 32768) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 32768)));
  }
  return btoa(parts.join(""));
}
