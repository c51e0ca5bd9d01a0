import type { CommitRecord } from '#protocol/commit'
import type { Engine } from '#node/engine'
import { CoopError } from '#node/errors'

/** How far behind its own last commit a clock may fall: a clock that was set right moves by seconds. */
const BACK_MS_MAX = 10 * 60_000
/** How far the clock may be off from most devices' last commits before this one is asked. A guess: a long season without contact. */
const OFF_MS_MAX = 180 * 24 * 60 * 60_000
/** Devices whose last commits are looked at. */
const DEVICES_MAX = 32
/** How long one look is good for. */
const GOOD_FOR_MS = 60_000

/**
 * Whether this device's clock can be right. It stops a hand and never undoes an act: what is signed with a wrong clock
 * counts, so it is asked before.
 */
export class ClockCheck {
  #goodUntilMs = 0

  /** Throws when this device's clock runs behind its own last commit, or is half a year off from most other devices. */
  async check(
    engine: Engine,
    nowMs: number = Date.now(),
    steadyMs: number = performance.now(),
  ): Promise<void> {
    if (steadyMs < this.#goodUntilMs) return
    const { history, device } = engine.replica
    const own: CommitRecord[] = []
    const others: CommitRecord[] = []
    const ends = Array.from({ length: history.deviceCount }, (_, it) => history.endsOf(it)[0] ?? -1)
    for (const order of ends
      .filter((it) => it >= 0)
      .sort((a, b) => b - a)
      .slice(0, DEVICES_MAX)) {
      const [record] = await engine.read([order])
      if (record === undefined) continue
      const isOwn = engine.replica.documents.nameOf(order) === device
      ;(isOwn ? own : others).push(record)
    }
    const last = own[0]?.header.timeMs ?? 0
    if (nowMs < last - BACK_MS_MAX) throw wrongClock(nowMs, last, 'its own last entry was written')
    const times = others.map((it) => it.header.timeMs).sort((a, b) => a - b)
    const median = times[times.length >> 1]
    if (median !== undefined && Math.abs(nowMs - median) > OFF_MS_MAX && Math.abs(nowMs - last) > OFF_MS_MAX)
      throw wrongClock(nowMs, median, 'the other devices wrote last')
    this.#goodUntilMs = steadyMs + GOOD_FOR_MS
  }
}

function wrongClock(nowMs: number, otherMs: number, what: string): CoopError {
  const text = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`
  return new CoopError(
    'clock-wrong',
    `the clock of this device says ${text(nowMs)}, but ${what} at ${text(otherMs)}`,
    'Set the clock of this device, then try again: receipts and expiry go by it.',
  )
}
