/** A call that the node refused, or (`unreachable-node`) did not answer. */
export class CallFailure extends Error {
  /** Stable code of the node's refusal; `unreachable-node` when there was no answer in time. */
  readonly code: string
  /** What to do, as a sentence. */
  readonly next: string
  /** HTTP status, 0 when there was no answer. */
  readonly status: number

  constructor(code: string, message: string, next: string, status: number) {
    super(message)
    this.name = 'CallFailure'
    this.code = code
    this.next = next
    this.status = status
  }
}

/** How long a call may take before it counts as unanswered. A guess: a busy gate waits no longer. */
const CALL_TIMEOUT_MS = 5_000

/** Calls of the API of the node that served the page. Every failure is a CallFailure. */
export class NodeLink {
  readonly #token: string

  /** @param token - the access code */
  constructor(token: string) {
    this.#token = token
  }

  get(path: string, timeoutMs: number = CALL_TIMEOUT_MS): Promise<unknown> {
    return this.#call('GET', path, undefined, timeoutMs)
  }

  post(path: string, body: unknown, timeoutMs: number = CALL_TIMEOUT_MS): Promise<unknown> {
    return this.#call('POST', path, body, timeoutMs)
  }

  async #call(method: string, path: string, body: unknown, timeoutMs: number): Promise<unknown> {
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), timeoutMs)
    try {
      const response = await fetch(path, {
        method,
        signal: abort.signal,
        cache: 'no-store',
        headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const answer: unknown = await response.json()
      if (response.ok) return answer
      throw refusal(answer, response.status)
    } catch (cause) {
      if (cause instanceof CallFailure) throw cause
      throw new CallFailure('unreachable-node', 'The node did not answer.', '', 0)
    } finally {
      clearTimeout(timer)
    }
  }
}

function refusal(answer: unknown, status: number): CallFailure {
  const { error } = (answer ?? {}) as { error?: { code?: unknown; message?: unknown; next?: unknown } }
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  return new CallFailure(text(error?.code) || 'internal', text(error?.message), text(error?.next), status)
}
