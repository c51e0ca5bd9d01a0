/** Time that one call of the protocol may take, whatever it is given. */
export const CALL_MS_MAX = 250

/** Something that must not happen, with what is needed to see it again. */
export class FuzzFailure extends Error {}

/** Calls the protocol and fails when it throws or takes too long. */
export class Watch {
  slowestMs = 0

  /** Runs `call`; `input` is shown when it fails. */
  run<T>(what: string, input: Uint8Array, call: () => T): T {
    const startMs = performance.now()
    let result: T
    try {
      result = call()
    } catch (cause) {
      const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
      throw new FuzzFailure(`${what} threw: ${text}\ninput ${Buffer.from(input).toString('hex')}`)
    }
    const tookMs = performance.now() - startMs
    this.slowestMs = Math.max(this.slowestMs, tookMs)
    // The machine may have been busy with something else: only what is slow again is slow.
    if (tookMs > CALL_MS_MAX && again(call) > CALL_MS_MAX)
      throw new FuzzFailure(
        `${what} took ${Math.round(tookMs)} ms\ninput ${Buffer.from(input).toString('hex')}`,
      )
    return result
  }
}

function again(call: () => unknown): number {
  const startMs = performance.now()
  call()
  return performance.now() - startMs
}
