/** Time on the processor that one call of the protocol may take, whatever it is given. */
export const CALL_MS_MAX = 250

/** Something that must not happen, with what is needed to see it again. */
export class FuzzFailure extends Error {}

/** Calls the protocol and fails when it throws or takes too long. */
export class Watch {
  slowestMs = 0

  /** Runs `call`; `input` is shown when it fails. */
  run<T>(what: string, input: Uint8Array, call: () => T): T {
    const before = process.threadCpuUsage()
    let result: T
    try {
      result = call()
    } catch (cause) {
      const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
      throw new FuzzFailure(`${what} threw: ${text}\ninput ${Buffer.from(input).toString('hex')}`)
    }
    // Of this thread: whatever else the machine is busy with does not count.
    const { user, system } = process.threadCpuUsage(before)
    const tookMs = (user + system) / 1_000
    this.slowestMs = Math.max(this.slowestMs, tookMs)
    if (tookMs > CALL_MS_MAX)
      throw new FuzzFailure(
        `${what} took ${Math.round(tookMs)} ms\ninput ${Buffer.from(input).toString('hex')}`,
      )
    return result
  }
}
