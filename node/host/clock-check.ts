import { fromHex } from '#protocol/encoding'
import type { Engine } from '#node/engine'
import { CoopError } from '#node/errors'

/** How far behind its own last commit a clock may fall: a clock that was set right moves by seconds. */
const BACK_MS_MAX = 10 * 60_000
/** How far the clock may be off from most devices' last commits before this one is asked. A guess: a long season without contact. */
const OFF_MS_MAX = 180 * 24 * 60 * 60_000
/** Devices whose last commits are looked at. */
const DEVICES_MAX = 32
/** Own commits that are looked at for a jump. A guess: more than a device writes by itself before a person notices. */
const OWN_MAX = 16
/** How long one look is good for. */
const GOOD_FOR_MS = 60_000

/**
 * Whether this device's clock can be right. It stops a hand and never undoes an act: what is signed with a wrong clock
 * counts, so it is asked before.
 */
export class ClockCheck {
  #goodUntilMs = 0

  /**
   * Throws when this device's clock runs behind its own last commit, or is half a year off from most other devices and it has not
   * written all along. Of what it wrote itself with a wrong clock nothing follows.
   */
  async check(
    engine: Engine,
    nowMs: number = Date.now(),
    steadyMs: number = performance.now(),
  ): Promise<void> {
    if (steadyMs < this.#goodUntilMs) return
    const own = await timesOf(engine, ownNewest(engine))
    const [last = 0] = own
    const times = (await timesOf(engine, othersNewest(engine))).sort((a, b) => a - b)
    const median = times[times.length >> 1]
    const isOff = median !== undefined && isFar(nowMs, median)
    const isLastWrong = median !== undefined && isFar(last, median) && !isOff
    if (nowMs < last - BACK_MS_MAX && !isLastWrong)
      throw wrongClock(nowMs, last, 'its own last entry was written')
    const hasJumped = own.some((ms, i) => isFar(ms, own[i + 1] ?? ms))
    if (isOff && (isFar(nowMs, last) || hasJumped))
      throw wrongClock(nowMs, median, 'the other devices wrote last')
    this.#goodUntilMs = steadyMs + GOOD_FOR_MS
  }
}

/** Places of the newest commits of this device, the newest first. */
function ownNewest({ replica: { history, device } }: Engine): number[] {
  const number = history.findDevice(fromHex(device ?? '') ?? new Uint8Array(32))
  const newest: number[] = []
  let order = number < 0 ? -1 : (history.endsOf(number)[0] ?? -1)
  for (; order >= 0 && newest.length < OWN_MAX; order = history.prevOf(order)) newest.push(order)
  return newest
}

/** Places of the last commits of the other devices that wrote last. */
function othersNewest({ replica: { history, documents, device } }: Engine): number[] {
  return Array.from({ length: history.deviceCount }, (_, it) => history.endsOf(it)[0] ?? -1)
    .filter((it) => it >= 0 && documents.nameOf(it) !== device)
    .sort((a, b) => b - a)
    .slice(0, DEVICES_MAX)
}

async function timesOf(engine: Engine, orders: readonly number[]): Promise<number[]> {
  const times: number[] = []
  for (const order of orders) {
    const [record] = await engine.read([order])
    if (record !== undefined) times.push(record.header.timeMs)
  }
  return times
}

function isFar(oneMs: number, otherMs: number): boolean {
  return Math.abs(oneMs - otherMs) > OFF_MS_MAX
}

function wrongClock(nowMs: number, otherMs: number, what: string): CoopError {
  const text = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`
  return new CoopError(
    'clock-wrong',
    `the clock of this device says ${text(nowMs)}, but ${what} at ${text(otherMs)}`,
    'Set the clock of this device, then try again: receipts and expiry go by it.',
  )
}
